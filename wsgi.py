"""The web application for a WSGI server: `gunicorn --config python:backoffice.gunicorn_settings wsgi:application`."""

from backoffice import logging
from backoffice.app import create_app
from config.settings import Settings

settings = Settings.from_env()
logging.configure(settings)
application = create_app(settings)
