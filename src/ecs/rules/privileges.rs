//! What a container may do beyond its capabilities.

use super::outcome::Outcomes;
use crate::compose::model::{CredentialSpec, Privileges, Service};
use crate::ecs::translate::context::Output;
use crate::source::Located;

/// Says what Fargate does not give to a container, and refuses what it cannot run without.
pub(crate) fn check(service: &Service, out: &mut Output) {
    if service.on_instances() {
        return super::instance::privileges(service, out);
    }
    let Some(privileges) = &service.privileges else { return };
    let Privileges {
        privileged,
        cap_add: _,  // capabilities.rs
        cap_drop: _, // capabilities.rs
        security_opt,
        group_add,
        credential_spec,
        device_cgroup_rules: _, // devices.rs
        devices: _,             // devices.rs
        gpus: _,                // devices.rs
        runtime: _,             // devices.rs
        use_api_socket,
    } = &**privileges;
    let mut outcomes = Outcomes::new(service, out);
    // ECS API reference, `ContainerDefinition.privileged`
    if let Some(place) = privileged.as_ref().filter(|on| on.value) {
        let help = "take it away if the app runs without; what works on the machine below, such as \
            agents and builders, leave out with `profiles`";
        outcomes.refused_on_fargate(place.span, "Fargate has no privileged containers", help);
    }
    for option in security_opt {
        security_option(option, &mut outcomes);
    }
    groups(group_add, &mut outcomes);
    // For Active Directory, on instances (ECS API reference,
    // `ContainerDefinition.credentialSpecs`).
    credentials(credential_spec.as_ref(), "`credential_spec` is not for Fargate", &mut outcomes);
    if let Some(place) = use_api_socket.as_ref().filter(|on| on.value) {
        let help = "Fargate has no Docker engine: leave the service out with `profiles`, or let it \
            call the AWS API";
        outcomes.refused(place.span, "there is no engine whose API could be used", help);
    }
}

/// Says that groups beside the user's own have no effect, on whatever a task runs.
pub(crate) fn groups(group_add: &[Located<String>], outcomes: &mut Outcomes<'_>) {
    for group in group_add {
        let message = "`group_add` has no effect: ECS knows one group of a container's user";
        let help = "name the group beside the user: `user: \"1000:2000\"`";
        outcomes.missed(group.span, message, help);
    }
}

/// Refuses credentials of Windows, on whatever a task runs.
pub(crate) fn credentials(
    spec: Option<&Located<CredentialSpec>>,
    message: &str,
    outcomes: &mut Outcomes<'_>,
) {
    let Some(spec) = spec else { return };
    let CredentialSpec { config, file, registry, extensions: _ } = &spec.value;
    if [config, file, registry].iter().any(|part| !part.is_empty()) {
        let help = "it is for Windows and Active Directory; leave the service out with `profiles`";
        outcomes.refused(spec.span, message, help);
    }
}

/// ECS API reference, `ContainerDefinition.dockerSecurityOptions`: not for Fargate.
fn security_option(option: &Located<String>, outcomes: &mut Outcomes<'_>) {
    let (name, value) = option.value.split_once([':', '=']).unwrap_or((&option.value, ""));
    match name {
        "no-new-privileges" if value == "false" => {}
        "no-new-privileges" => {
            let message = "`no-new-privileges` cannot be set on Fargate";
            let help = "run the container as another user than root, and drop capabilities: \
                `user`, `cap_drop: [ALL]`";
            outcomes.missed(option.span, message, help);
        }
        "label" => {
            let help = "it is for SELinux, which no container on Fargate sees";
            outcomes.ignored(option.span, "`label` has no effect on Fargate", help);
        }
        _ => {
            let message = format!("`security_opt: {}` has no effect on Fargate", option.value);
            let help = "Fargate runs each task on a machine of its own, with a profile of its own";
            outcomes.missed(option.span, message, help);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::{Code, Severity};
    use crate::ecs::testing::{at, find, loud, run, service};

    fn said(privileges: Privileges) -> Vec<(Severity, Code)> {
        let mut web = service("web", "acme/web:1");
        web.privileges = Some(Box::new(privileges));
        loud(&run(vec![web]).diagnostics)
    }

    #[test]
    fn what_reaches_the_machine_is_refused() {
        let refused = [(Severity::Error, Code::Refused)];
        let on = |on| Privileges { privileged: Some(at(on)), ..Privileges::default() };
        assert_eq!(said(on(true)), refused);
        assert_eq!(said(on(false)), []);
        let on = |on| Privileges { use_api_socket: Some(at(on)), ..Privileges::default() };
        assert_eq!(said(on(true)), refused);
        assert_eq!(said(on(false)), []);
        let spec = CredentialSpec { file: "a.json".to_owned(), ..CredentialSpec::default() };
        assert_eq!(
            said(Privileges { credential_spec: Some(at(spec)), ..Privileges::default() }),
            refused
        );
    }

    #[test]
    fn what_hardens_or_loosens_is_missed() {
        let missed = [(Severity::Warning, Code::Ignored)];
        for option in
            ["no-new-privileges", "no-new-privileges:true", "seccomp=unconfined", "apparmor:x"]
        {
            let security_opt = vec![at(option.to_owned())];
            assert_eq!(said(Privileges { security_opt, ..Privileges::default() }), missed);
        }
        let group_add = vec![at("mail".to_owned())];
        assert_eq!(said(Privileges { group_add, ..Privileges::default() }), missed);
    }

    #[test]
    fn labels_of_selinux_are_noted() {
        let mut web = service("web", "acme/web:1");
        let security_opt =
            ["label=disable", "no-new-privileges=false"].map(|text| at(text.to_owned())).to_vec();
        web.privileges = Some(Box::new(Privileges { security_opt, ..Privileges::default() }));
        let done = run(vec![web]).diagnostics;
        assert_eq!(loud(&done), []);
        assert!(find(&done, Code::Ignored).is_some() && done.len() == 1);
    }
}
