"""Volumes of tasks: EFS, EBS, task-scoped, host paths.

EFS (Amazon EFS User Guide, "Working with access points"): a file system starts
empty and root-owned, nothing of the image is copied in, and what was written
stays until the file system is deleted.  Task-scoped volumes (`host: {}`) live
as long as their task; so do those on EBS (`configuredAtLaunch`), which start
empty, and which a user that the definition names may write to (ECS developer
guide, "Use Amazon EBS volumes with Amazon ECS").
"""

import hashlib
import io
import logging
import tarfile
import threading

from ministack.core.responses import request_scope
from ministack.services import efs

EFS_LABEL = "decklift.efs"

log = logging.getLogger("decklift.volumes")
_lock = threading.Lock()
_made = set()  # EFS directories that exist as volumes


class VolumeError(Exception):
    """The task cannot start: AWS stops it with ResourceInitializationError."""


def forget():
    with _lock:
        _made.clear()


def mounts(engine, task, cdef, generation):
    """Docker mounts of one container for its mountPoints."""
    from docker.types import Mount
    declared = {volume["name"]: volume for volume in task.definition.get("volumes") or []}
    result = []
    for point in cdef.get("mountPoints") or []:
        name, path = point.get("sourceVolume"), point.get("containerPath")
        volume = declared.get(name)
        if not volume or not path:
            continue
        read_only = bool(point.get("readOnly"))
        source_path = (volume.get("host") or {}).get("sourcePath")
        if volume.get("efsVolumeConfiguration"):
            source = _efs_volume(engine, task, volume["efsVolumeConfiguration"], generation)
            result.append(Mount(path, source, type="volume", read_only=read_only, no_copy=True))
        elif source_path:
            result.append(Mount(path, source_path, type="bind", read_only=read_only))
        else:
            source = f"decklift-{engine.instance}-{task.id[:12]}-{name}"
            on_ebs = bool(volume.get("configuredAtLaunch"))
            with engine.making(generation):
                engine.api.create_volume(source, labels=engine.labels(task.id))
                if on_ebs and any(one.get("user") for one in task.definition["containerDefinitions"]):
                    _give_away(engine, source, {"Permissions": "0777"})
            result.append(Mount(path, source, type="volume", read_only=read_only, no_copy=on_ebs))
    return result


def remove_task_volumes(engine, task):
    for volume in task.definition.get("volumes") or []:
        if not volume.get("efsVolumeConfiguration") and not (volume.get("host") or {}).get("sourcePath"):
            engine.remove_volume(f"decklift-{engine.instance}-{task.id[:12]}-{volume['name']}")


def _efs_volume(engine, task, config, generation):
    """The volume that stands for one directory of a file system.

    Two access points with the same path share it, as they would on EFS.
    """
    file_system = config.get("fileSystemId", "")
    point_id = (config.get("authorizationConfig") or {}).get("accessPointId")
    with request_scope(task.account, task.region):
        if file_system not in efs._file_systems:
            raise VolumeError(f"failed to invoke EFS utils commands to set up EFS volumes: "
                              f"file system {file_system} does not exist")
        if not any(target["FileSystemId"] == file_system for target in efs._mount_targets.values()):
            raise VolumeError(f"failed to invoke EFS utils commands to set up EFS volumes: "
                              f"file system {file_system} has no mount target")
        point = efs._access_points.get(point_id) if point_id else None
    if point_id and (point is None or point.get("FileSystemId") != file_system):
        raise VolumeError(f"failed to invoke EFS utils commands to set up EFS volumes: "
                          f"access point {point_id} does not exist in {file_system}")
    root = (point or {}).get("RootDirectory") or {}
    path = root.get("Path") or config.get("rootDirectory") or "/"
    creation = root.get("CreationInfo")
    path = "/" + path.strip("/")
    digest = hashlib.sha256(path.encode()).hexdigest()[:10]
    name = f"decklift-{engine.instance}-efs-{file_system}-{digest}"
    with _lock:
        if name in _made:
            return name
        if path != "/" and not creation:
            # EFS makes an access point's directory only from its CreationInfo.
            raise VolumeError(f"failed to invoke EFS utils commands to set up EFS volumes: "
                              f"the directory {path} of {file_system} does not exist")
        with engine.making(generation):
            engine.api.create_volume(name, labels=engine.labels(**{EFS_LABEL: file_system}))
            if creation and path != "/":
                _give_away(engine, name, creation)
        _made.add(name)
    return name


def _give_away(engine, volume, creation):
    """Owner and mode of a new access point directory, through a container that never starts."""
    from docker.types import Mount
    made = engine.api.create_container(
        engine.pause_image, labels=engine.labels(),
        host_config=engine.api.create_host_config(
            network_mode="none", mounts=[Mount("/volume", volume, type="volume", no_copy=True)]))
    try:
        entry = tarfile.TarInfo("volume")
        entry.type = tarfile.DIRTYPE
        entry.mode = int(str(creation.get("Permissions", "0755")), 8)
        entry.uid, entry.gid = int(creation.get("OwnerUid", 0)), int(creation.get("OwnerGid", 0))
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w") as tar:
            tar.addfile(entry)
        engine.api.put_archive(made["Id"], "/", buffer.getvalue())
    finally:
        engine.remove_container(made["Id"])


def remove_file_system(engine, file_system):
    """DeleteFileSystem takes the data with it."""
    if engine.api is None:
        return
    volumes = engine.api.volumes(filters={"label": [
        f"decklift.sandbox={engine.instance}", f"{EFS_LABEL}={file_system}"]})
    for volume in volumes.get("Volumes") or []:
        engine.remove_volume(volume["Name"])
        with _lock:
            _made.discard(volume["Name"])
