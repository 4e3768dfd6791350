"""Figures for Prometheus, at an address of their own."""

import signal
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from prometheus_client import start_http_server

from apps.console import gauges
from apps.console.ports import check_port


class Command(BaseCommand):
    """Serve what all processes of this machine count, and how all stands, until told to stop."""

    help = "Serve metrics for Prometheus at METRICS_BIND."

    def handle(self, *args: Any, **options: Any) -> None:
        """Serve for ever; Ctrl-C and SIGTERM end it."""
        if settings.METRICS_BIND is None:
            raise CommandError("METRICS_BIND is empty: it says where to listen, such as 127.0.0.1:9464.")
        host, port = settings.METRICS_BIND
        check_port(host, port, named="METRICS_BIND")
        try:
            exported = gauges.everything()
        except OSError as error:
            raise CommandError(f"METRICS_DIR cannot be written: {error}.") from None
        # Blocked before threads are started, which inherit it: one of them would get the signal, and end in the middle.
        signal.pthread_sigmask(signal.SIG_BLOCK, STOPS)
        start_http_server(port, host, exported)
        signal.sigwait(STOPS)


STOPS = (signal.SIGINT, signal.SIGTERM)
