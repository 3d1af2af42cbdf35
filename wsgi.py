"""The web application for a WSGI server: `gunicorn --config python:backoffice.gunicorn_settings wsgi:application`."""

from backoffice.app import create_app
from config.settings import Settings

application = create_app(Settings.from_env())
