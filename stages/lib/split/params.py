"""Section `split` of params.yaml: the number of clips, or share of the recordings, for each part."""

from fractions import Fraction
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, model_validator

from stages.lib.runtime.params import Section

# The frozen test set is chosen first, so that it depends least on the other sizes.
ORDER_OF_CHOICE = ("test", "pool", "valid", "train")


def check_size(size: object) -> object:
    """Accept a count of clips or a share of the recordings."""
    if not ((type(size) is int and size >= 0) or (type(size) is float and 0 < size < 1)):
        raise ValueError("should be a count of clips (such as 176) or a share of the recordings (such as 0.1)")
    return size


def check_test_size(size: object) -> object:
    """Accept a count, a share or a list of recordings."""
    if isinstance(size, list) and size and all(isinstance(name, str) and name.isprintable() for name in size):
        return size
    try:
        return check_size(size)
    except ValueError as error:
        raise ValueError(f"{error} or a list of recordings") from None


Size = Annotated[Any, AfterValidator(check_size)]
TestSize = Annotated[Any, AfterValidator(check_test_size)]


class SplitParams(Section):
    """Section `split` of params.yaml: four counts of clips, or four shares of the recordings.

    `test` can also be a list of recordings; all their labelled clips are then test clips.
    """

    seed: Annotated[int, Field(ge=0)]
    group_by: Literal["recording", "site"]
    train: Size
    valid: Size
    pool: Size
    test: TestSize

    @property
    def chosen(self) -> dict[str, int | float]:
        """The size of each part, without a test part given as a list."""
        sizes = {part: getattr(self, part) for part in ORDER_OF_CHOICE}
        return {part: size for part, size in sizes.items() if not isinstance(size, list)}

    @property
    def needed(self) -> tuple[str, ...]:
        """The parts that have to hold both calls and no-calls: train, and those for which clips are asked."""
        return ("train", *(part for part in ("valid", "test") if getattr(self, part)))

    @property
    def holds_out(self) -> bool:
        """Whether clips are asked for any part but train."""
        return bool(self.valid or self.pool or self.test)

    @property
    def by_share(self) -> bool:
        """Whether the parts are shares of the recordings rather than counts of clips."""
        return isinstance(self.train, float)

    @model_validator(mode="after")
    def sizes_fit(self) -> "SplitParams":
        """Refuse counts mixed with shares, and shares that add up to more than 1."""
        if len({type(size) for size in self.chosen.values()}) > 1:
            raise ValueError("should give all parts as counts (such as 176) or all as shares (such as 0.1)")
        if self.by_share and sum(map(Fraction, map(str, self.chosen.values()))) > 1:
            raise ValueError("should have shares that add up to at most 1")
        return self
