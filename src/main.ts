#!/usr/bin/env node
import './runtime/onnx-telemetry.ts'
import './runtime/thread-pool.ts'
import { enableCompileCache } from 'node:module'
import { dirname } from 'node:path'
import process from 'node:process'

// Only what is loaded after it gains by it. Where nothing can be written it does nothing.
const { directory } = enableCompileCache()
// Worker threads have one where the environment names it: the folder with those of all versions of Node.
if (directory !== undefined) process.env['NODE_COMPILE_CACHE'] ??= dirname(directory)
const { EXIT } = await import('./domain/errors.ts')
const { runCommand } = await import('./commands.ts')
const { endProcess } = await import('./runtime/end-process.ts')

const status = await runCommand(process.argv.slice(2))
// What failed may have left calls behind that never end; what ended well has closed everything.
if (status === EXIT.ok) process.exit()
else endProcess(status)
