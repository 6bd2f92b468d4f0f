"""What a mail says: raw bytes in, a frozen `Inbound` out. Pure: no Django, no database, no network, no clock."""
