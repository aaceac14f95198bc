"""Several people write at once: acts and log entries of one office, from processes of their own.

python -m bench.office_writers --seconds 60 --writers 8       # SQLite in a new folder
DATABASE_URL=postgresql://… python -m bench.office_writers    # an empty database
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from khien.office.audit import rows_of, verify

WRITER = """
import json, sys, time
from khien.office.start import configure, make_ready
configure()
make_ready()
from khien.office.acts.record import Actor
from khien.office.acts.tokens import make_token, revoke_token
from khien.office.models import User
who = Actor(User.objects.get_or_create(email=f"{sys.argv[1]}@b.vn", name=sys.argv[1])[0])
end, acts, faults, worst = time.monotonic() + float(sys.argv[2]), 0, [], 0.0
while (began := time.monotonic()) < end:
    try:
        revoke_token(who, make_token(who, "bench", ["read"], 1)[0].pk)
        acts += 2
    except Exception as error:
        faults.append(repr(error))
    worst = max(worst, time.monotonic() - began)
print(json.dumps({"acts": acts, "faults": faults[:3], "failed": len(faults), "worst": worst}))
"""


def main() -> int:
    """Write, then walk the chain; 1 when an act failed, is lost, or the chain breaks."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--writers", type=int, default=8)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        env = os.environ | {"KHIEN_HOME": home}
        ready = "from khien.office.start import configure, make_ready; configure(); make_ready()"
        subprocess.run([sys.executable, "-c", ready], env=env, check=True)
        words = [sys.executable, "-c", WRITER]
        writers = [
            subprocess.Popen([*words, f"w{n}", str(args.seconds)], env=env, stdout=subprocess.PIPE)
            for n in range(args.writers)
        ]
        told = [json.loads(writer.communicate()[0]) for writer in writers]
        found = verify(rows_of(os.environ.get("DATABASE_URL") or str(Path(home) / "office.sqlite3")))
    acts, failed = sum(one["acts"] for one in told), sum(one["failed"] for one in told)
    print(json.dumps({
        "acts": acts, "acts_per_second": round(acts / args.seconds), "failed": failed, "lost": acts - found.entries,
        "worst_seconds": round(max(one["worst"] for one in told), 2), "chain_faults": len(found.faults),
        "first_faults": [fault for one in told for fault in one["faults"]][:3],
    }))  # fmt: skip
    return int(bool(failed or found.faults or acts != found.entries))


if __name__ == "__main__":
    sys.exit(main())
