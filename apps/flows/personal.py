"""What the tables of this app hold of people."""

from django.db.models import Q

from apps.flows.models import (
    Assignment,
    Contact,
    FlowCase,
    LastValue,
    PersonRecord,
    Run,
    SharedValue,
    SimulationSample,
    Step,
    Wait,
)
from apps.flows.runs import following
from apps.profiles import ledger
from apps.profiles.holdings import Person, ProfileRows, RawRows, Rows, register


# Before the runs, so that it goes after them: runs are locked before what they wait for.
@register
class Waits(ProfileRows):
    """What the person's runs wait for."""

    name, title, models = "flow_waits", "What flows wait for before they go on with the person", (Wait,)
    is_at_once = True


@register
class Runs(ProfileRows):
    """The flows that the person is in, and was."""

    name, title, models = "flow_runs", "Flows that the person is in, or was, and how each ended", (Run,)
    is_at_once = True


@register
class Steps(Rows):
    """What happened at the nodes of the person's runs, where it was kept."""

    name, title, models = "flow_steps", "What flows did for the person, step by step", (Step,)
    is_at_once = True

    def find(self, person: Person) -> Q:
        """Select those of the person's runs, which go after them."""
        return Q(run_id__in=Run.objects.filter(profile_id__in=person.raw_ids).values("id"))


@register
class Assignments(ProfileRows):
    """The branches of splits that the person drew."""

    name, title, models = "flow_branches", "Variants of flows that the person was given by chance", (Assignment,)
    is_at_once = True


@register
class LastValues(ProfileRows):
    """When what flows watch of the person has changed; of what it was there is a digest alone."""

    name, title, models = "flow_last_values", "When flows saw something of the person change", (LastValue,)
    omitted = ("digest",)
    is_at_once = True


@register
class Contacts(RawRows):
    """When flows wrote to the person."""

    name, title, models = "flow_contacts", "When the person was written to, and by which way", (Contact,)
    omitted = ("id", "run_id", "node")
    is_at_once = True


@register
class Records(RawRows):
    """What flows have kept of the person by name."""

    name, title, models = "flow_records", "What flows keep of the person, by kind and name", (PersonRecord,)
    omitted = ("id",)
    is_at_once = True


@register
class SharedValues(RawRows):
    """Values that flows share, which a run of the person has set."""

    name, title, models = "flow_shared_values", "What flows share of what they knew of the person", (SharedValue,)
    omitted = ("id",)

    def erase(self, person: Person, *, limit: int) -> int:
        """Delete them, locked in the order in which flows lock them."""
        locked = self.found(person).select_for_update(no_key=True).values_list("pk", flat=True)[:limit]
        ids = list(locked)
        SharedValue.objects.filter(pk__in=ids).delete()
        return len(ids)


@register
class Cases(RawRows):
    """Tests of flows that refer to the person, with what an event of theirs says."""

    name, title, models = "flow_cases", "Tests of flows that are made with the person", (FlowCase,)
    omitted = ("id", "expected", "changed_by")
    is_at_once = True


@register
class SimulationSamples(RawRows):
    """That the person was among those with whom a simulation of a flow shows what it would do."""

    name, title, models = "flow_simulations", "Samples of simulated flows in which the person is", (SimulationSample,)
    omitted = ("id", "simulation_id")
    is_at_once = True


ledger.returners.register(Run._meta.label, following.return_runs)
ledger.sayers.register(Run._meta.label, following.said_of)
ledger.followers.register(Run._meta.label, following.adopt_runs)
ledger.followers.register(Wait._meta.label, following.adopt_waits)
ledger.followers.register(Assignment._meta.label, following.adopt_assignments)
ledger.followers.register(LastValue._meta.label, following.adopt_last_values)
