"""An OTLP/HTTP receiver that decodes with the definitions that OpenTelemetry publishes.

Prints its port, then a line of OTLP/JSON for each request that it could read.
"""

import base64
import gzip
import http.server
import json

from google.protobuf.json_format import MessageToDict
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)

IDS = ("traceId", "spanId", "parentSpanId")


def with_hex_ids(value):
    """OTLP/JSON writes ids in hexadecimal, where Protobuf's own JSON has base64."""
    if isinstance(value, list):
        return [with_hex_ids(each) for each in value]
    if not isinstance(value, dict):
        return value
    return {
        name: base64.b64decode(each).hex() if name in IDS else with_hex_ids(each)
        for name, each in value.items()
    }


class Receiver(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        length = self.headers["Content-Length"]
        body = self.chunks() if length is None else self.rfile.read(int(length))
        if self.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        is_protobuf = self.headers["Content-Type"] == "application/x-protobuf"
        if self.path != "/v1/traces" or not is_protobuf:
            self.send_error(415)
            return
        request = ExportTraceServiceRequest.FromString(body)
        told = MessageToDict(request, use_integers_for_enums=True)
        print(json.dumps(with_hex_ids(told)), flush=True)
        answer = ExportTraceServiceResponse().SerializeToString()
        self.send_response(200)
        self.send_header("Content-Type", "application/x-protobuf")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def chunks(self):
        body = b""
        while size := int(self.rfile.readline(), 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
print(server.server_port, flush=True)
server.serve_forever()
