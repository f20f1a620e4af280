"""behave's runner, named in behave.ini: the embedded system starts while steps and features are still being read."""

import gc

from behave.runner import Runner

from acceptance.embedded import Begun, begun_early


class EarlyRunner(Runner):
    """`begun` is the system on its way up, None where another target is chosen or nothing is run."""

    begun: Begun | None = None

    def run(self) -> bool:
        """Whether anything failed, as behave's own."""
        if self.config.dry_run:
            return bool(super().run())
        with begun_early(dict(self.config.userdata)) as self.begun:
            failed = bool(super().run())
        gc.freeze()  # or Python would look through all that was imported once more before it ends, for a fifth of a second
        return failed
