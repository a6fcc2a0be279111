//! Where the engine is that the docker command speaks to.

use std::path::PathBuf;

use serde_json::Value;

use super::Engine;

/// What the docker command's context, or `DOCKER_HOST`, says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Place {
    host: Option<String>,
}

impl Engine {
    /// Asked for once.
    pub(super) async fn place(&self) -> &Place {
        let find = async || {
            // The others have no engine.
            if !self.info.builder.is_docker() {
                return Place::default();
            }
            let host = std::env::var("DOCKER_HOST").ok().filter(|host| !host.is_empty());
            if host.is_some() {
                return Place { host };
            }
            match self.output(&["context", "inspect", "--format", "{{json .}}"]).await {
                Ok(output) if output.status.success() => Place::read(&output.stdout),
                // Commands that only look like docker have no contexts.
                _ => Place::default(),
            }
        };
        self.place.get_or_init(find).await
    }
}

impl Place {
    fn read(json: &[u8]) -> Self {
        let Ok(context) = serde_json::from_slice::<Value>(json) else { return Self::default() };
        let host = context["Endpoints"]["docker"]["Host"].as_str();
        Self { host: host.filter(|host| !host.is_empty()).map(str::to_owned) }
    }

    /// The engine's socket on this machine, where it has one. Other engines are spoken to by the
    /// docker command, which knows their certificates and keys.
    pub(super) fn socket(&self) -> Option<PathBuf> {
        self.host.as_deref()?.strip_prefix("unix://").map(PathBuf::from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_context_is_followed_to_its_engine() {
        let far = Place::read(
            br#"{"Name":"far","Endpoints":{"docker":{"Host":"tcp://far:2376"}},"TLSMaterial":{}}"#,
        );
        assert_eq!((far.host.as_deref(), far.socket()), (Some("tcp://far:2376"), None));
        let near = Place::read(br#"{"Endpoints":{"docker":{"Host":"unix:///x.sock"}}}"#);
        assert_eq!(near.socket(), Some(PathBuf::from("/x.sock")));
        assert_eq!(Place::read(b"no"), Place::default());
    }
}
