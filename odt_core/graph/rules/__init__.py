"""Lowering rules: what each Flex op becomes. `RULES` shows at a glance what is covered."""
