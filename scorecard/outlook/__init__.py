"""What will break first: warnings with a date, from what stored audits saw. Pure."""
