"""The stock view: Flask-Admin's own MongoEngine view on the same records, with the same columns, as its manual shows.
It has no rights, no history, no audit trail and no words for a reader."""

from __future__ import annotations

from urllib.parse import urlencode

import mongoengine as me
from flask import Flask
from flask_admin import Admin
from flask_admin.contrib.mongoengine import ModelView
from flask_babel import Babel

from bench.arm import Ask, Program, answer, nothing
from bench.floor import LISTED
from bench.screens import FORM, form_of
from bench.world import DEEP, World
from config import database

EXPORT_ROWS = 20_000
"""The stock export holds the whole file in memory; so many rows say how fast it is."""


class Customer(me.Document):
    """The fields of a customer file that the compared list and form show; none that is sealed, which this view would
    take for text and store as such, longer each time."""

    number = me.StringField()
    name = me.StringField()
    licence_no = me.StringField()
    region = me.StringField()
    industry = me.StringField()
    city = me.StringField()
    address = me.StringField()
    phone = me.StringField()
    fax = me.StringField()
    email = me.StringField()
    contact_name = me.StringField()
    salesperson = me.ObjectIdField()
    key_customer = me.BooleanField()
    grade = me.StringField()
    credit_limit = me.Decimal128Field()
    completeness = me.Decimal128Field()
    level = me.StringField()
    owner = me.ObjectIdField()
    state = me.StringField()

    meta = {"collection": "record_customer", "strict": False, "auto_create_index": False}

    def __str__(self) -> str:
        return str(self.name)


class Complaint(me.Document):
    """The fields of a complaint that the compared list shows."""

    number = me.StringField()
    subject = me.StringField()
    customer = me.ReferenceField(Customer)
    channel = me.StringField()
    received_at = me.DateTimeField()
    severity = me.StringField()
    level = me.StringField()
    owner = me.ObjectIdField()
    state = me.StringField()

    meta = {"collection": "record_complaint", "strict": False, "auto_create_index": False}


class Customers(ModelView):
    """Customers as the manual would show them."""

    column_list = LISTED["customer"]
    column_searchable_list = ("name", "contact_name", "licence_no")
    named_filter_urls = True
    column_filters = ("region", "state", "name", "city", "grade", "key_customer")
    column_sortable_list = ("number", "name", "credit_limit")
    column_default_sort = ("number", True)
    form_columns = [
        "name",
        "region",
        "industry",
        "city",
        "address",
        "phone",
        "fax",
        "email",
        "contact_name",
        "grade",
        "state",
    ]
    can_view_details = True
    can_set_page_size = True
    can_export = True
    export_max_rows = EXPORT_ROWS


class Complaints(ModelView):
    """Complaints as the manual would show them."""

    column_list = LISTED["complaint"]
    column_default_sort = ("number", True)
    can_set_page_size = True


def make(world: World) -> Program:
    """The stock view, nobody signed in."""
    database.connect(world.settings)
    app = Flask("stock")
    app.secret_key = world.settings.secret_key
    Babel(app)
    admin = Admin(app, url="/")
    admin.add_view(Customers(Customer, name="Customers", endpoint="customer"))
    admin.add_view(Complaints(Complaint, name="Complaints", endpoint="complaint"))
    program = Program("stock", app.wsgi_app, nothing)
    lists = {
        "list20": "/customer/",
        "list100": "/customer/?page_size=100",
        "deep20": f"/customer/?page={int(world.size * DEEP) // 20}",
        "filter": "/customer/?" + urlencode({"flt0_region_equals": "浙江", "flt1_state_equals": "active"}),
        "filter_rare": "/customer/?"
        + urlencode({"flt0_city_equals": "云溪市", "flt1_grade_equals": "D", "flt2_key_customer_equals": "1"}),
        "prefix_zh": "/customer/?" + urlencode({"search": "^云溪"}),
        "prefix_en": "/customer/?" + urlencode({"search": "^Calderwell"}),
        "search_zh": "/customer/?" + urlencode({"search": "机械"}),
        "search_zh_rare": "/customer/?" + urlencode({"search": world.words("zh")}),
        "search_en": "/customer/?" + urlencode({"search": "Logistics"}),
        "search_en_rare": "/customer/?" + urlencode({"search": world.words("en")}),
        "search_none": "/customer/?" + urlencode({"search": "不存在的公司"}),
        "sort_name": "/customer/?" + urlencode({"sort": 1}),
        "named100": "/complaint/?page_size=100",
    }

    def asks(case: str, turn: int) -> Ask | None:
        if case in lists:
            return Ask(lists[case])
        record = world.id("customer", turn)
        if case == "details":
            return Ask(f"/customer/details/?id={record}")
        if case == "edit":
            return Ask(f"/customer/edit/?id={record}")
        if case == "save":
            at = f"/customer/edit/?id={record}"
            inputs = [(n, v) for n, v in form_of(answer(program, Ask(at)).body.decode(), "") if n != "fax"]
            return Ask(at, "POST", urlencode([*inputs, ("fax", f"023-{turn:08d}")]).encode(), FORM)
        return None

    program.asks = asks
    return program
