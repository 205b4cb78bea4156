"""The durable log of the embedded runtime: events, decisions, snapshots, alerts and the audit trail."""
