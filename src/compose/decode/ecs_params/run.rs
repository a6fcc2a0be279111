//! `run_params` of ecs-params.yml.

use super::super::Decoder;
use super::super::table::Table;
use crate::compose::model::{Project, is_security_group_id};
use crate::compose::unsupported::Level;
use crate::source::Located;
use crate::yaml::Node;

impl Decoder<'_> {
    pub(super) fn run_parameters(&mut self, node: &Node, project: &mut Project) {
        let level = Level::Part("`run_params`");
        let Some(mut table) = Table::open(self, "run_params", node, level) else { return };
        if let Some(node) = table.value("network_configuration") {
            let level = Level::Part("`network_configuration`");
            if let Some(mut inner) = Table::open(self, "network_configuration", node, level) {
                if let Some(node) = inner.value("awsvpc_configuration") {
                    self.vpc_parameters(node, project);
                }
                inner.finish(self);
            }
        }
        if let Some(entry) = table.optional("task_placement") {
            self.placement_parameter(entry, project);
        }
        if let Some(entry) = table.optional("service_discovery") {
            let why = "services find each other under their names in the Compose file";
            self.ignored_parameter(entry, why);
        }
        table.finish(self);
    }

    fn vpc_parameters(&mut self, node: &Node, project: &mut Project) {
        let level = Level::Part("`awsvpc_configuration`");
        let Some(mut table) = Table::open(self, "awsvpc_configuration", node, level) else {
            return;
        };
        if let Some(node) = table.value("subnets") {
            let subnets = self.strings("subnets", node);
            if project.extension.subnets.is_empty() {
                project.extension.subnets = subnets;
            } else if let Some(first) = subnets.first() {
                let help = "take `subnets` away here, or in `x-ecs`";
                self.refused_parameter(first, "`x-ecs.subnets` names the subnets already", help);
            }
        }
        if let Some(node) = table.value("security_groups") {
            let groups = self.strings("security_groups", node);
            self.security_groups(&groups, project);
        }
        if let Some(entry) = table.optional("assign_public_ip") {
            let why = "a task gets a public address where its subnet needs one to pull images";
            self.ignored_parameter(entry, why);
        }
        table.finish(self);
    }

    /// The first group stands for the network that all services are on.
    fn security_groups(&mut self, groups: &[Located<String>], project: &mut Project) {
        let Some((first, further)) = groups.split_first() else { return };
        if !is_security_group_id(&first.value) {
            let help = "write the id of a group, such as `sg-0123456789abcdef0`";
            self.refused_parameter(first, "this is no id of a security group", help);
            return;
        }
        if let Some(more) = further.first() {
            let help = "write further groups at further networks: `x-ecs: {security_group: sg-…}`";
            self.refused_parameter(more, "one security group stands for one network", help);
        }
        match project.networks.get_mut("default") {
            Some(network) => {
                self.unless_given(&mut network.security_group, first, "x-ecs.security_group");
            }
            None => {
                let help = "write it at a network: `x-ecs: {security_group: sg-…}`";
                self.refused_parameter(first, "the services are on networks of their own", help);
            }
        }
    }
}
