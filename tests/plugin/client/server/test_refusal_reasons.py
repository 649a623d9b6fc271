"""Classification of refusals with the messages of real servers."""

from __future__ import annotations

import pytest

from rsgpt_plugin.client.server.refusal_reasons import Complaint, classify_refusal


@pytest.mark.parametrize(
    ("status", "message", "reason"),
    [
        (401, "", Complaint.KEY),
        (403, "model too large", Complaint.KEY),
        (500, "Authentication Error, No api key passed in.", Complaint.KEY),
        (500, "image input is not supported - hint: you may need to provide the mmproj", Complaint.TEXT_ONLY),
        (500, "image input is not supported", Complaint.TEXT_ONLY),
        (400, "At most 0 image(s) may be provided; x is not a multimodal model", Complaint.TEXT_ONLY),
        (400, "Invalid content type. image_url is only supported by certain models.", Complaint.TEXT_ONLY),
        (400, "Failed to deserialize: unknown variant `image_url`, expected `text`", Complaint.TEXT_ONLY),
        (404, "No endpoints found that support image input", Complaint.TEXT_ONLY),
        (400, "Model does not support images.", Complaint.TEXT_ONLY),
        (413, "", Complaint.TOO_LARGE),
        (400, "Image size 4096x4096 exceeds the limit", Complaint.TOO_LARGE),
        (400, "Payload too large", Complaint.TOO_LARGE),
        (400, "maximum number of pixels exceeded", Complaint.TOO_LARGE),
        (400, "Unrecognized request argument supplied: top_logprobs", Complaint.FIELDS),
        (422, "Extra inputs are not permitted", Complaint.FIELDS),
        (500, "CUDA out of memory", Complaint.OTHER),
        (404, "model x not found", Complaint.OTHER),
        (200, "the key is missing", Complaint.OTHER),
    ],
)
def test_refusals_are_classified(status: int, message: str, reason: Complaint) -> None:
    assert classify_refusal(status, message) is reason
