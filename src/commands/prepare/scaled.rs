//! Numbers of tasks at the prompt: `--scale SERVICE=N`.

use crate::compose::Project;
use crate::compose::model::Mode;
use crate::error::Error;
use crate::source::Located;

/// Writes them into the project, in the place of what the file says.
pub(super) fn apply(project: &mut Project, scale: &[(String, u32)]) -> Result<(), Error> {
    let known: Vec<&str> = project.services.keys().map(String::as_str).collect();
    let names: Vec<String> = scale.iter().map(|(name, _)| name.clone()).collect();
    super::check_names(&names, &known)?;
    for (name, number) in scale {
        let Some(service) = project.services.get_mut(name) else { continue };
        let refuse = |why: &str, help: &str| {
            Err(Error::Usage {
                message: format!("{name} cannot be scaled: {why}"),
                help: help.to_owned(),
            })
        };
        if service.extension.autoscaling.is_some() {
            return refuse(
                "Application Auto Scaling sets the number of its tasks",
                "change `min` and `max` in x-ecs.autoscaling",
            );
        }
        let mode = service.deploy.mode.as_ref().map(|mode| mode.value);
        if matches!(mode, Some(Mode::Global | Mode::GlobalJob)) {
            return refuse("it runs one task on each instance", "leave out --scale for it");
        }
        let place = service.scale.as_ref().or(service.deploy.replicas.as_ref());
        let span = place.map_or_else(|| service.span(), |place| place.span);
        service.scale = Some(Located::new(*number, span));
    }
    Ok(())
}
