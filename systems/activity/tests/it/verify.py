"""Holds what a webhook was sent against the library of Standard Webhooks. Reads {secret, headers, body} as JSON."""

import json
import sys

from standardwebhooks.webhooks import Webhook, WebhookVerificationError

sent = json.load(sys.stdin)
try:
    Webhook(sent["secret"]).verify(sent["body"], sent["headers"])
    print("verified")
except WebhookVerificationError as refused:
    print(f"refused: {refused}")
