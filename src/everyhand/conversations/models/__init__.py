"""Conversations, messages, attachments, deliveries."""

from __future__ import annotations

from everyhand.conversations.models.arranging import Joining, Renaming, SavedView, Sleep
from everyhand.conversations.models.canned import CannedFile, CannedReply
from everyhand.conversations.models.conversation import Conversation, Follower, Participant, Status
from everyhand.conversations.models.draft import Draft, DraftFile
from everyhand.conversations.models.link import Link
from everyhand.conversations.models.message import (
    Attachment,
    Delivery,
    File,
    Message,
    RemotePicture,
    RemovedNote,
    VirusCheck,
    taken_back,
)
from everyhand.conversations.models.tag import Tag, Tagging, Tone

__all__ = [
    "Attachment",
    "CannedFile",
    "CannedReply",
    "Conversation",
    "Delivery",
    "Draft",
    "DraftFile",
    "File",
    "Follower",
    "Joining",
    "Link",
    "Message",
    "Participant",
    "RemotePicture",
    "RemovedNote",
    "Renaming",
    "SavedView",
    "Sleep",
    "Status",
    "Tag",
    "Tagging",
    "Tone",
    "VirusCheck",
    "taken_back",
]
