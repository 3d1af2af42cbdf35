"""The templates over invented data, in an application with the extensions and headers but without a database."""

from __future__ import annotations

import secrets
from typing import Any

from flask import Flask, Response, current_app, flash, g, jsonify, render_template, request
from flask_admin import Admin, BaseView, expose
from flask_admin.theme import Bootstrap4Theme
from flask_babel import Babel
from flask_bootstrap import Bootstrap5
from flask_wtf.csrf import CSRFProtect
from jinja2.utils import htmlsafe_json_dumps
from markupsafe import Markup

from backoffice import assets
from backoffice.screens import value_html
from backoffice.screens.form_items import Input, Item, Page, Pointer, Spec
from backoffice.screens.form_rows import Rows
from models.declarations import Field, Label

POLICY = (
    "default-src 'none'; script-src 'self' 'nonce-{nonce}'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
CITIES = ("Suzhou", "Ningbo", "Qingdao", "Chengdu", "Wuhan")
CUSTOMERS = {"label": "Customers", "icon": "people", "url": "/list", "badge": "3"}
NEW = {"label": "Customer file", "icon": "people", "url": "/form?new=1"}
TYPE = {
    "slug": "customer",
    "label": "Customer file",
    "plural": "Customer files",
    "one": "customer file",
    "many": "customer files",
    "icon": "people",
    "url": "/list",
}


def spec(name: str, label: str, make: type[Item] = Input, **more: Any) -> Spec:
    """A field as a form has it; the declaration says nothing but its name."""
    declared = Field(name=name, kind="text", label=Label(label, label), required=name == "company")
    lookup = {"data-lookup": "/lookup"} if make is Pointer else {}
    return Spec(declared, make, label, attributes={"type": "text", **lookup}, **more)


PEOPLE = spec("people", "Key people", Rows, inner=(spec("name", "Name"), spec("phone", "Phone")))
FORM = (spec("company", "Company"), spec("seller", "Salesperson", Pointer), PEOPLE)


class StockView(BaseView):
    """A page that knows Flask-Admin's master template only."""

    @expose("/")  # type: ignore[untyped-decorator]
    def index(self) -> str:
        """The page."""
        rendered: str = self.render("admin/index.html")
        return rendered


def create() -> Flask:
    """The application; every page is reachable without signing in."""
    app = Flask("backoffice")
    app.config.update(SECRET_KEY=secrets.token_hex(), BOOTSTRAP_SERVE_LOCAL=True)
    Babel(app, locale_selector=lambda: "en")
    Bootstrap5(app)
    CSRFProtect(app)
    assets.init_app(app)
    app.jinja_env.globals["csp_nonce"] = nonce
    app.after_request(policy)
    app.context_processor(frame)
    admin = Admin(app, theme=Bootstrap4Theme(base_template="layout.html"), csp_nonce_generator=nonce)
    admin.add_view(StockView(name="Stock", endpoint="stock", url="/stock"))
    app.add_url_rule("/list", view_func=listing)
    app.add_url_rule("/details", view_func=details)
    app.add_url_rule("/form", view_func=form, methods=["GET", "POST"])
    app.add_url_rule("/act", view_func=act, methods=["GET", "POST"])
    app.add_url_rule("/archive", view_func=echo, methods=["POST"])
    app.add_url_rule("/lookup", view_func=lookup)
    app.add_url_rule("/favicon.ico", view_func=lambda: ("", 204), endpoint="favicon")
    return app


def nonce() -> str:
    """The number of this answer's own scripts."""
    if "nonce" not in g:
        g.nonce = secrets.token_urlsafe(12)
    text: str = g.nonce
    return text


def policy(response: Response) -> Response:
    """The policy under which everything has to work."""
    response.headers["Content-Security-Policy"] = POLICY.format(nonce=nonce())
    return response


def drawn(template: str, **context: Any) -> Markup:
    """A part of the frame, as the product draws it beforehand."""
    return Markup(current_app.jinja_env.get_template(template).render(**context))


def frame() -> dict[str, Any]:
    """What stands round every page."""
    return {
        "lang": "en",
        "find_url": "/find",
        "language_url": "/language",
        "rail": drawn("rail.html", rail=[{"label": "", "items": [CUSTOMERS]}]),
        "new_menu": drawn("new_menu.html", new_items=[NEW]),
        "me_menu": drawn("me_menu.html", me={"name": "Li Na", "role": "Specialist", "links": []}),
        "sign_out_url": "/archive",
    }


def echo() -> Response:
    """What was sent, as JSON."""
    return jsonify({name: request.form.getlist(name) for name in request.form})


def listing() -> str:
    """A list of five records with bulk actions and a filter."""
    if "flash" in request.args:
        flash("Saved.", "success")
        flash("Not saved.", "error")
    row = Markup(
        '<tr><td class="pick"><input type="checkbox" name="number" value="{0}" form="bulk" aria-label="{1}"></td>'
        '<th scope="row" class="first"><div><a href="/details?number={0}">{1}</a></div></th>'
        '<td class="is-state" data-label="State"><span class="state tone-good">Active</span></td>'
        '<td class="tools"><div><button type="button" class="icon-btn" data-post="/archive" title="Archive"></button>'
        "</div></td></tr>"
    )
    rows = Markup("").join(row.format(f"KH-{at}", city) for at, city in enumerate(CITIES))
    archive = {"label": "Archive all", "name": "archive", "icon": "archive"}
    amount: dict[str, Any] = {"name": "limit", "label": "Limit", "kind": "money", "choices": []}
    amount["operators"] = [
        {"value": "at_least", "label": "at least"},
        {"value": "empty", "label": "none", "bare": True},
    ]
    return render_template(
        "records/list.html",
        type=TYPE,
        columns=[{"name": "title", "label": "Customer"}, {"name": "state", "label": "State"}],
        rows=rows,
        views=[],
        view_saver={},
        chips=[],
        filters=[amount],
        q="",
        pager={"prev_url": "", "next_url": ""},
        can={"create": True},
        bulk={"acts": [archive], "moves": [], "url": "/archive", "all_url": "/list"},
        filter_list=htmlsafe_json_dumps([amount]),
        filter_fields=Markup('<option value="limit">Limit</option>'),
        filter_words=htmlsafe_json_dumps({}),
        urls={"list": "/list", "new": "/form", "clear": "/list"},
    )


def head() -> dict[str, Any]:
    """The head of the sample record."""
    confirm = {"title": "Archive this file?", "text": "It can be restored.", "name": "KH-1", "button": "Archive"}
    return {
        "number": "KH-1",
        "title": "Huadong Instruments",
        "level": "confidential",
        "state": {"text": "Active", "tone": "good"},
        "owner": {"label": "Owner", "text": "Li Na"},
        "actions": [
            {"label": "Edit", "url": "/form", "key": "e"},
            {"label": "Archive", "url": "/archive", "method": "post", "confirm": confirm},
        ],
    }


def details() -> str:
    """A record with two groups and a watermark."""
    phone = Field(name="phone", kind="phone", label=Label("Phone", "Phone"))
    shown = value_html.rows([(phone, {"kind": "phone", "text": "0512", "empty": False})], "en")
    return render_template(
        "records/details.html",
        type=TYPE,
        head=head(),
        groups=[
            {"name": "basic", "label": "Basic data", "html": shown},
            {"name": "more", "label": "More", "html": shown},
        ],
        timeline=[],
        urls={},
        watermark="Confidential · Li Na",
        may_print="printable" in request.args,
    )


def form() -> str | Response:
    """A form; sent, it answers with what it received."""
    if request.method == "POST":
        return echo()
    rows = [{"name": "Zhou", "phone": "1"}, {"name": "Wu", "phone": "2"}]
    held = {"company": "" if "bad" in request.args else "Huadong", "seller": "U-7", "people": rows}
    wrong = {} if held["company"] else {"company": ["Give a name."]}
    errors = [{"label": "Company", "anchor": at, "message": said[0]} for at, said in wrong.items()]
    page = Page(wrong, {("", "U-7"): "Wang Qiang"})
    company, seller, people = (
        {
            "html": Markup(one.item(one.field.name).html(held[one.field.name], page)),
            "errors": wrong.get(one.field.name),
        }
        for one in FORM
    )
    return render_template(
        "records/form.html",
        type=TYPE,
        head=head(),
        groups=[
            {"name": "basic", "label": "Basic data", "fields": [company, seller], "folded": True},
            {"name": "people", "label": "Key people", "fields": [people]},
        ],
        errors=errors,
        conflict=None,
        rev=3,
        token="once",
        urls={"cancel": "/details"},
        can_next=True,
    )


def act() -> str | Response:
    """A signature whose refusal needs a reason."""
    if request.method == "POST":
        return echo()
    answers = [
        {"label": "Approve", "name": "approve", "main": True},
        {"label": "Refuse", "name": "refuse", "tone": "bad", "needs_note": True},
    ]
    sheet = {"title": "Approve access", "asked": [{"label": "Asked by", "text": "Wang Qiang"}]}
    return render_template(
        "records/act.html", type=TYPE, head=head(), act=sheet, answers=answers, urls={"record": "/details"}
    )


def lookup() -> Response:
    """Records whose title has what was asked."""
    asked = request.args["q"].lower()
    hits = [
        {"number": f"KH-{at}", "title": city, "detail": "China"}
        for at, city in enumerate(CITIES)
        if asked in city.lower()
    ]
    return jsonify(hits)
