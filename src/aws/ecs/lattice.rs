//! Target groups of VPC Lattice, to the SDK and back.

use aws_sdk_ecs::types as sdk;

use crate::apply::cloud::CloudError;
use crate::ecs::desired::{VpcLattice, VpcLatticeAdvanced};

pub(super) fn to_sdk(list: &[VpcLattice]) -> Result<Vec<sdk::VpcLatticeConfiguration>, CloudError> {
    let one = |lattice: &VpcLattice| {
        let VpcLattice { role_arn, target_group_arn, port_name, advanced_configuration } = lattice;
        let advanced = advanced_configuration.as_ref().map(|advanced| {
            let VpcLatticeAdvanced {
                alternate_target_group_arn,
                production_listener_rule,
                test_listener_rule,
            } = advanced;
            sdk::VpcLatticeAdvancedConfiguration::builder()
                .set_alternate_target_group_arn(alternate_target_group_arn.clone())
                .set_production_listener_rule(production_listener_rule.clone())
                .set_test_listener_rule(test_listener_rule.clone())
                .build()
        });
        Ok(sdk::VpcLatticeConfiguration::builder()
            .role_arn(role_arn)
            .target_group_arn(target_group_arn)
            .port_name(port_name)
            .set_advanced_configuration(advanced)
            .build()?)
    };
    list.iter().map(one).collect()
}

pub(super) fn from_sdk(list: &[sdk::VpcLatticeConfiguration]) -> Vec<VpcLattice> {
    let advanced = |advanced: &sdk::VpcLatticeAdvancedConfiguration| VpcLatticeAdvanced {
        alternate_target_group_arn: advanced.alternate_target_group_arn().map(str::to_owned),
        production_listener_rule: advanced.production_listener_rule().map(str::to_owned),
        test_listener_rule: advanced.test_listener_rule().map(str::to_owned),
    };
    let one = |lattice: &sdk::VpcLatticeConfiguration| VpcLattice {
        role_arn: lattice.role_arn().to_owned(),
        target_group_arn: lattice.target_group_arn().to_owned(),
        port_name: lattice.port_name().to_owned(),
        advanced_configuration: lattice.advanced_configuration().map(advanced),
    };
    list.iter().map(one).collect()
}
