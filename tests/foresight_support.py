"""A behave runner that says which clinics it foresees, and runs nothing."""

from behave.runner import Runner

from features.foresight import clinics_to_come


class Foretelling(Runner):  # type: ignore[misc]
    def run_hook(self, hook_name: str, *_arguments: object) -> None:
        if hook_name == "before_all":
            print([blueprint.name for blueprint in clinics_to_come(self)])
            self.abort()
