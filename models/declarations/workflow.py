"""States of a record and the moves between them."""

from __future__ import annotations

from dataclasses import dataclass, field

from models.declarations.words import Choice, Label

PAGES = frozenset({"sections"})
"""The pages of a record on which a move can be made."""


@dataclass(frozen=True)
class Climb:
    """Where a record goes that waits in a state for too long: after `hours` working hours, a number or the name of a
    value of the policy such as `signature.next_hours`, it waits for `to` (named as in `turn`) as well, who may then
    sign what those before them may. The hours are counted `times` over. With `late` they are counted from the record's
    deadline instead of the state's beginning, and `to` are roles; from an owner who holds one it starts above (T6)."""

    hours: int | str
    to: tuple[str, ...]
    late: bool = False
    times: int = 1


@dataclass(frozen=True, kw_only=True)
class State(Choice):
    """A state of the workflow. `turn` says whose move it is: role values, or names of person fields,
    or `owner`/`creator`; they find the record under My work and may read it while it waits (not top secret). A role in
    which people serve their department is that of the record's, here and in `Climb` and `Transition.by` (ADR 25).
    `climbs` says to whom it goes on when nobody signs in time, step by step, counted from the state's beginning, or
    when it is late; a state's steps are all of one kind.
    In a `frozen` state fields change through moves only; a `final` one is frozen and waits for nobody."""

    turn: tuple[str, ...] = ()
    climbs: tuple[Climb, ...] = ()
    final: bool = False
    frozen: bool = False


@dataclass(frozen=True, kw_only=True)
class Transition:
    """A move between states.

    `by`: role values, person field names, `owner`, `creator`, `turn` (whoever the state waits for), or `reader`
    (whoever reads the record in full).
    `not_by`: person fields, `owner` or `creator` whose people may not make this move (nobody signs their own).
    `asks`: fields filled on the sheet, the engine's owner and basis of level among them, but neither level nor its end;
    those in `needs` must be given. `reason`: a reason must be given.
    `signature`: an approval or refusal, audited as such; it needs a fresh sign-in, and a deputy may give it for whom
    it waits. One whose tone is `bad` is a refusal and needs a reason.
    `takes_back`: by it people take back what they asked for as readers, or what was given out on paper; a grant opens
    the record for it too, and so does its card: on that nothing is asked, and what the record holds stays.
    `takes_out`: what is asked for by it is on paper: of what is classified it is made by who may print the record (X4).
    `page`: the one of `PAGES` on which the move is made, where a sheet would not do. `offered`: no where that page
    alone makes it, and no button is to stand for it. `done`: how the step is told in English once it was taken, where
    the label asks for it (“Sign”, then “Signed”); Chinese says both by the label.
    A hook may lead to another state than `target`, as when two signatures are wanted in any order.
    """

    name: str
    label: Label
    source: tuple[str, ...]
    target: str
    by: tuple[str, ...]
    not_by: tuple[str, ...] = ()
    asks: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    reason: bool = False
    signature: bool = False
    takes_back: bool = field(default=False, repr=False)  # decides about nothing stored (`deriving.basis`)
    takes_out: bool = field(default=False, repr=False)  # nor does this
    tone: str = "neutral"
    main: bool = False
    page: str = ""
    offered: bool = True
    help: Label | None = None
    done: str = ""

    def told(self, language: str) -> str:
        """What the move is called where it was made already."""
        return self.label.zh if language.startswith("zh") else self.done or self.label.en


@dataclass(frozen=True, kw_only=True)
class Workflow:
    """States, the first being the start, and the moves between them.

    `asked_by`: who asked for what is signed, and gives no signature whatever a move says: `owner` or `creator`. A type
    that comes with the product may say less, where its moves name who asked.
    """

    states: tuple[State, ...]
    transitions: tuple[Transition, ...] = ()
    asked_by: tuple[str, ...] = field(default=("creator", "owner"), repr=False)  # decides about nothing stored

    def state(self, value: str) -> State:
        """The declared state. :raises KeyError: when there is none of that name."""
        for state in self.states:
            if state.value == value:
                return state
        raise KeyError(value)

    def signatures(self, state: str) -> tuple[Transition, ...]:
        """The signatures that can be given in a state."""
        return tuple(move for move in self.transitions if move.signature and state in move.source)

    def kept_from(self, move: Transition) -> tuple[str, ...]:
        """Who does not make a move: of a signature who asked, too (People), but for the owner where it is the owner's
        to give by declaration."""
        if not move.signature:
            return move.not_by
        states = [state for state in self.states if state.value in move.source]
        named = {*move.by, *(whose for state in states for climb in state.climbs for whose in climb.to)}
        if "turn" in move.by:
            named.update(whose for state in states for whose in state.turn)
        asked = (whose for whose in self.asked_by if whose != "owner" or "owner" not in named)
        return tuple(dict.fromkeys((*move.not_by, *asked)))

    def names(self, whose: str) -> bool:
        """Whether records wait for somebody, or somebody moves them, under this name."""
        turns = ((*state.turn, *(to for climb in state.climbs for to in climb.to)) for state in self.states)
        return any(whose in one for one in (*turns, *(move.by for move in self.transitions)))

    def transition(self, name: str) -> Transition:
        """The declared transition. :raises KeyError: when there is none of that name."""
        for transition in self.transitions:
            if transition.name == name:
                return transition
        raise KeyError(name)
