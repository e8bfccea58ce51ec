"""Write the model card and the data card from the last run of the pipeline: `python -m tools.write_cards`."""

import argparse
from pathlib import Path

from stages.lib.runtime.atomic_write import write_text
from stages.lib.runtime.running import run
from tools.lib.cards.card_facts import read_facts
from tools.lib.cards.data_card import data_card
from tools.lib.cards.model_card import model_card

CARDS = {Path("docs/model_card.md"): model_card, Path("docs/data_card.md"): data_card}


def write_cards() -> None:
    """Write both cards, or neither."""
    facts = read_facts()
    for path, text in {path: card(facts) for path, card in CARDS.items()}.items():
        write_text(path, text)


def main() -> None:
    """Write both cards."""
    argparse.ArgumentParser(prog="python -m tools.write_cards", description=__doc__).parse_args()
    write_cards()
    print(", ".join(map(str, CARDS)))


if __name__ == "__main__":
    run(main)
