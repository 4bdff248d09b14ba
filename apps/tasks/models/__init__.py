from apps.tasks.models.case import Case, CaseFlag, Task
from apps.tasks.models.read import Assignment, Read, WorkInterval

__all__ = ["Assignment", "Case", "CaseFlag", "Read", "Task", "WorkInterval"]
