"""Makes the bundled files from the packages that carry them.

Needs scikit-learn 1.9.1 and statsmodels 0.15.0.
"""

import csv
import gzip
import struct
from pathlib import Path

import sklearn
import statsmodels

HERE = Path(__file__).parent
SKLEARN = Path(sklearn.__file__).parent / "datasets/data"
STATSMODELS = Path(statsmodels.__file__).parent / "datasets"


def write_idx(name, shape, values):
    header = struct.pack(">HBB", 0, 8, len(shape)) + struct.pack(f">{len(shape)}I", *shape)
    # Without name and time, so that the same data give the same file.
    (HERE / name).write_bytes(gzip.compress(header + bytes(values), 9, mtime=0))


def write_csv(name, header, rows):
    text = "".join(",".join(row) + "\n" for row in [header, *rows])
    (HERE / name).write_text(text)


with gzip.open(SKLEARN / "digits.csv.gz", "rt") as file:
    digits = [[int(float(cell)) for cell in line] for line in csv.reader(file)]
pixels = [p for row in digits for p in row[:64]]
write_idx("digits-images-idx3-ubyte.gz", [len(digits), 8, 8], pixels)
write_idx("digits-labels-idx1-ubyte.gz", [len(digits)], [row[64] for row in digits])

with open(STATSMODELS / "sunspots/sunspots.csv") as file:
    yearly = list(csv.reader(file))[1:]
write_csv("sunspots-yearly.csv", ["year", "sunspots"], yearly)

monthly = []
for line in (STATSMODELS / "sunspots/src/sunspots_monthly.dat").read_text().splitlines():
    cells = line.split()
    # 2009 has six months, and they are called preliminary.
    if len(cells) == 13 and cells[0].isdigit() and int(cells[0]) <= 2008:
        monthly += [[cells[0], str(m), cells[m]] for m in range(1, 13)]
write_csv("sunspots-monthly.csv", ["year", "month", "sunspots"], monthly)

with open(STATSMODELS / "co2/co2.csv") as file:
    weekly = list(csv.reader(file))[1:]
rows = [[d[:4], str(int(d[4:6])), str(int(d[6:])), ppm] for d, ppm in weekly]
write_csv("co2-weekly.csv", ["year", "month", "day", "ppm"], rows)
