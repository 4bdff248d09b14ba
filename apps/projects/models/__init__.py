from apps.projects.models.definitions import Charter, LabelSchema
from apps.projects.models.project import Project, ProjectUserObjectPermission, RoleGrant

__all__ = ["Charter", "LabelSchema", "Project", "ProjectUserObjectPermission", "RoleGrant"]
