/**
 * Keeps ONNX Runtime from sending its own telemetry. Imported before the runtime is loaded: it reads
 * this once, and would otherwise keep an id on disk and upload events of every session.
 */
process.env['ORT_DISABLE_TELEMETRY'] ??= '1'
