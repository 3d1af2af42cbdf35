"""The web application for a WSGI server: `gunicorn --config python:backoffice.gunicorn_settings wsgi:application`."""

from werkzeug.middleware.proxy_fix import ProxyFix

from backoffice import logging
from backoffice.app import create_app
from config import interpreter
from config.settings import Settings

settings = Settings.from_env()
logging.configure(settings)
application = create_app(settings)
if settings.proxies:
    # Sign-in tries are counted per address, so the proxy's own address must not stand for everybody's.
    application.wsgi_app = ProxyFix(  # type: ignore[method-assign]
        application.wsgi_app, x_for=settings.proxies, x_proto=settings.proxies, x_host=settings.proxies
    )
interpreter.settle()
