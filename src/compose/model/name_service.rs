/// `x-ecs.discovery`: how services find each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum NameService {
    /// `service-connect`: proxies beside the tasks, for tcp
    #[default]
    ServiceConnect,
    /// `dns`: addresses of the tasks in a private zone, and no proxies
    Dns,
}
