"""After this stage each payload says all by which its person can be found, and the batch knows whom it names."""

from apps.collector import erased, proofs
from apps.collector.payload import Batch
from apps.profiles import burial


def claim(batch: Batch) -> None:
    """Add what events prove to what clients claim, and hash all names by which somebody erased could come back.

    No query: whether anybody is buried under such a name is asked under the locks, by `prepare`.
    """
    payloads = batch.kept
    for payload in payloads:
        proofs.claim(payload)
    batch.names = burial.hashed(erased.names_in(payloads))
