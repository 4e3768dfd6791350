"""How Django's own pages write times: by 24 hours, as all others do."""

from typing import Final

DATETIME_FORMAT: Final = "Y-m-d H:i:s"
TIME_FORMAT: Final = "H:i:s"
