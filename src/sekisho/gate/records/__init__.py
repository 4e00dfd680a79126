"""The record lane's way, in order: who asks, consent, rules, minimise, seal, log, hand out."""
