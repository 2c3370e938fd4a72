"""Mails: the outbox and its delivery, receipts, notices and automations."""
