"""Are the tables those that this version expects?"""

from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from apps.console.doctor.checkup import Patient, Report, check
from apps.core import commands


@check("migrations", "Migrations")
def migrations(_patient: Patient) -> Report:
    """Look for migrations that are still to be made."""
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if not plan:
        return Report("all made")
    report = Report(f"{len(plan)} to be made")
    named = ", ".join(f"{migration.app_label}.{migration.name}" for migration, _ in plan[:3])
    more = f" and {len(plan) - 3} more" if len(plan) > 3 else ""
    message = f"The tables are of another version: {named}{more} was not made."
    remedy = "Back the database up, make the migrations, and start the processes again."
    report.broken("migrations_missing", message, remedy, commands.manage("migrate"))
    return report
