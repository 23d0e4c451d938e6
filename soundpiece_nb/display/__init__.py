"""What a person sees: the live card, the permanent player, text for terminals, the history."""
