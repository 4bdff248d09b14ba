from apps.intake.models.delivery import Admission, Delivery, IncomingFile
from apps.intake.models.findings import PhiFinding, QualityFinding

__all__ = ["Admission", "Delivery", "IncomingFile", "PhiFinding", "QualityFinding"]
