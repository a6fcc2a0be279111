//! What a service says of its container beside image, command, network and mounts.

use serde_json::{Map, Value, json};

use super::ConfigForm;
use super::service::{list, map, put, value};
use super::value::number;
use crate::compose::model::{
    Addressing, BlockDevice, BlockIo, CpuSettings, CredentialSpec, Device, ExtraHost, Gpu, Hook,
    Hooks, KernelSettings, Logging, Namespaces, Privileges, Provider, Service, ServiceModel,
    Ulimit,
};
use crate::source::Located;

type Object = Map<String, Value>;
type Texts = [Located<String>];

/// Adds the attributes of the groups in the model.
pub(super) fn attributes(model: &Service, o: &mut Object, form: ConfigForm) {
    put(o, "annotations", map(&model.annotations));
    put(o, "attach", value(model.attach.as_ref()));
    put(o, "logging", model.logging.as_ref().map(|found| logging(&found.value, form)));
    put(o, "models", models(model, form));
    put(o, "profiles", texts(&model.profiles));
    put(o, "provider", model.provider.as_ref().map(|found| provider(&found.value, form)));
    put(o, "pull_policy", value(model.pull_policy.as_ref()));
    put(o, "stop_signal", value(model.stop_signal.as_ref()));
    put(o, "volumes_from", texts(&model.volumes_from));
    if let Some(hooks) = &model.hooks {
        let Hooks { post_start, pre_stop } = &**hooks;
        for (key, hooks) in [("post_start", post_start), ("pre_stop", pre_stop)] {
            put(o, key, objects(hooks, |found| hook(found, form)));
        }
    }
    model.cpu.iter().for_each(|settings| cpu(settings, o));
    model.kernel.iter().for_each(|settings| kernel(settings, o, form));
    model.namespaces.iter().for_each(|settings| namespaces(settings, o));
    model.privileges.iter().for_each(|settings| privileges(settings, o, form));
    model.addressing.iter().for_each(|settings| addressing(settings, o));
}

fn texts(values: &Texts) -> Option<Value> {
    list(values.iter().map(|value| value.value.clone()).collect())
}

fn objects<T>(values: &[Located<T>], one: impl Fn(&T) -> Value) -> Option<Value> {
    (!values.is_empty()).then(|| values.iter().map(|value| one(&value.value)).collect())
}

/// A text that is not empty.
fn text(out: &mut Object, key: &str, text: &str) {
    if !text.is_empty() {
        out.insert(key.to_owned(), text.into());
    }
}

/// A number that is not 0.
fn count(out: &mut Object, key: &str, number: Option<&Located<i64>>) {
    put(out, key, value(number).filter(|number| *number != 0));
}

/// An object with its extensions, which only YAML has.
fn extended(mut out: Object, extensions: &Object, form: ConfigForm) -> Value {
    if form == ConfigForm::Yaml {
        out.extend(extensions.clone());
    }
    Value::Object(out)
}

fn logging(logging: &Logging, form: ConfigForm) -> Value {
    let Logging { driver, options, extensions } = logging;
    let mut out = Object::new();
    put(&mut out, "driver", value(driver.as_ref()));
    put(&mut out, "options", map(options));
    extended(out, extensions, form)
}

fn models(model: &Service, form: ConfigForm) -> Option<Value> {
    let entries = model.models.iter().map(|(name, model)| {
        let shown = model.value.as_ref().map(|model| {
            let ServiceModel { endpoint_var, model_var, extensions } = model;
            let mut out = Object::new();
            text(&mut out, "endpoint_var", endpoint_var);
            text(&mut out, "model_var", model_var);
            extended(out, extensions, form)
        });
        (name.clone(), shown.unwrap_or(Value::Null))
    });
    (!model.models.is_empty()).then(|| Value::Object(entries.collect()))
}

fn provider(provider: &Provider, form: ConfigForm) -> Value {
    let Provider { kind, options, extensions } = provider;
    let mut out = Object::new();
    text(&mut out, "type", &kind.value);
    let entries = options.iter().map(|(key, values)| (key.clone(), values.clone().into()));
    let options = (!options.is_empty()).then(|| Value::Object(entries.collect()));
    put(&mut out, "options", options);
    extended(out, extensions, form)
}

fn hook(hook: &Hook, form: ConfigForm) -> Value {
    let Hook { command, user, privileged, working_dir, environment, extensions } = hook;
    let mut out = Object::new();
    super::service::command(&mut out, "command", command.as_ref(), form);
    put(&mut out, "user", value(user.as_ref()));
    put(&mut out, "privileged", value(privileged.as_ref()).filter(|on| *on));
    put(&mut out, "working_dir", value(working_dir.as_ref()));
    let variables = environment.iter().map(|(name, value)| (name.clone(), json!(value.value)));
    let variables = (!environment.is_empty()).then(|| Value::Object(variables.collect()));
    put(&mut out, "environment", variables);
    extended(out, extensions, form)
}

fn cpu(settings: &CpuSettings, o: &mut Object) {
    let CpuSettings {
        count: processors,
        percent,
        period,
        quota,
        rt_period,
        rt_runtime,
        shares,
        set,
    } = settings;
    count(o, "cpu_count", processors.as_ref());
    let percent = percent.as_ref().filter(|percent| percent.value != 0.0);
    put(o, "cpu_percent", percent.map(|percent| number(percent.value)));
    count(o, "cpu_period", period.as_ref());
    count(o, "cpu_quota", quota.as_ref());
    count(o, "cpu_rt_period", rt_period.as_ref());
    count(o, "cpu_rt_runtime", rt_runtime.as_ref());
    count(o, "cpu_shares", shares.as_ref());
    put(o, "cpuset", value(set.as_ref()));
}

fn kernel(settings: &KernelSettings, o: &mut Object, form: ConfigForm) {
    let KernelSettings {
        memswap_limit,
        mem_swappiness,
        shm_size,
        oom_kill_disable,
        oom_score_adj,
        pids_limit,
        blkio,
        sysctls,
        ulimits,
        storage_opt,
    } = settings;
    let sizes = [
        ("memswap_limit", memswap_limit),
        ("mem_swappiness", mem_swappiness),
        ("shm_size", shm_size),
    ];
    for (key, size) in sizes {
        let size = value(size.as_ref()).filter(|size| *size != 0);
        put(o, key, size.map(|size| size.to_string()));
    }
    put(o, "oom_kill_disable", value(oom_kill_disable.as_ref()).filter(|on| *on));
    count(o, "oom_score_adj", oom_score_adj.as_ref());
    count(o, "pids_limit", pids_limit.as_ref());
    put(o, "blkio_config", blkio.as_ref().map(|io| block_io(&io.value, form)));
    put(o, "sysctls", map(sysctls));
    let limits = ulimits.iter().map(|(name, limit)| (name.clone(), ulimit(limit.value, form)));
    put(o, "ulimits", (!ulimits.is_empty()).then(|| Value::Object(limits.collect())));
    put(o, "storage_opt", map(storage_opt));
}

/// A single 0 is to the reference as if nothing were written; its JSON leaves zeros out.
fn ulimit(limit: Ulimit, form: ConfigForm) -> Value {
    let (soft, hard) = match limit {
        Ulimit::Single(0) => (0, 0),
        Ulimit::Single(limit) => return limit.into(),
        Ulimit::Pair { soft, hard } => (soft, hard),
    };
    let mut out = Object::new();
    for (key, limit) in [("soft", soft), ("hard", hard)] {
        put(&mut out, key, (form == ConfigForm::Yaml || limit != 0).then_some(limit));
    }
    Value::Object(out)
}

fn block_io(io: &BlockIo, form: ConfigForm) -> Value {
    let BlockIo {
        weight,
        weight_device,
        device_read_bps,
        device_read_iops,
        device_write_bps,
        device_write_iops,
    } = io;
    // The reference's JSON has these keys in capitals.
    let [path, weight_key, rate] = match form {
        ConfigForm::Json => ["Path", "Weight", "Rate"],
        ConfigForm::Yaml => ["path", "weight", "rate"],
    };
    let mut out = Object::new();
    put(&mut out, "weight", value(weight.as_ref()).filter(|weight| *weight != 0));
    let weighed =
        |BlockDevice { path: name, value }: &BlockDevice| json!({ path: name, weight_key: value });
    put(&mut out, "weight_device", objects(weight_device, weighed));
    for (key, devices) in [
        ("device_read_bps", device_read_bps),
        ("device_read_iops", device_read_iops),
        ("device_write_bps", device_write_bps),
        ("device_write_iops", device_write_iops),
    ] {
        let limited = |BlockDevice { path: name, value }: &BlockDevice| json!({ path: name, rate: value.to_string() });
        put(&mut out, key, objects(devices, limited));
    }
    Value::Object(out)
}

fn namespaces(settings: &Namespaces, o: &mut Object) {
    let Namespaces { cgroup, cgroup_parent, ipc, isolation, network_mode, pid, userns_mode, uts } =
        settings;
    for (key, mode) in [
        ("cgroup", cgroup),
        ("cgroup_parent", cgroup_parent),
        ("ipc", ipc),
        ("isolation", isolation),
        ("network_mode", network_mode),
        ("pid", pid),
        ("userns_mode", userns_mode),
        ("uts", uts),
    ] {
        put(o, key, value(mode.as_ref()).filter(|mode| !mode.is_empty()));
    }
}

fn privileges(settings: &Privileges, o: &mut Object, form: ConfigForm) {
    let Privileges {
        privileged,
        cap_add,
        cap_drop,
        security_opt,
        group_add,
        credential_spec,
        device_cgroup_rules,
        devices,
        gpus,
        runtime,
        use_api_socket,
    } = settings;
    put(o, "privileged", value(privileged.as_ref()).filter(|on| *on));
    put(o, "cap_add", texts(cap_add));
    put(o, "cap_drop", texts(cap_drop));
    put(o, "security_opt", texts(security_opt));
    put(o, "group_add", texts(group_add));
    let spec = credential_spec.as_ref().map(|spec| {
        let CredentialSpec { config, file, registry, extensions } = &spec.value;
        let mut out = Object::new();
        text(&mut out, "config", config);
        text(&mut out, "file", file);
        text(&mut out, "registry", registry);
        extended(out, extensions, form)
    });
    put(o, "credential_spec", spec);
    put(o, "device_cgroup_rules", texts(device_cgroup_rules));
    let device = |Device { source, target, permissions, extensions }: &Device| {
        let mut out = Object::new();
        text(&mut out, "source", source);
        text(&mut out, "target", target);
        text(&mut out, "permissions", permissions);
        extended(out, extensions, form)
    };
    put(o, "devices", objects(devices, device));
    put(o, "gpus", objects(gpus, gpu));
    put(o, "runtime", value(runtime.as_ref()));
    put(o, "use_api_socket", value(use_api_socket.as_ref()).filter(|on| *on));
}

fn gpu(Gpu { capabilities, driver, count, device_ids, options }: &Gpu) -> Value {
    let mut out = Object::new();
    put(&mut out, "capabilities", list(capabilities.clone()));
    text(&mut out, "driver", driver);
    put(&mut out, "count", (*count != 0).then_some(*count));
    put(&mut out, "device_ids", list(device_ids.clone()));
    let entries = options.iter().map(|(key, value)| (key.clone(), value.clone().into()));
    put(&mut out, "options", (!options.is_empty()).then(|| Value::Object(entries.collect())));
    Value::Object(out)
}

fn addressing(settings: &Addressing, o: &mut Object) {
    let Addressing {
        dns,
        dns_opt,
        dns_search,
        domainname,
        extra_hosts,
        external_links,
        links,
        mac_address,
    } = settings;
    put(o, "dns", texts(dns));
    put(o, "dns_opt", texts(dns_opt));
    put(o, "dns_search", texts(dns_search));
    put(o, "domainname", value(domainname.as_ref()));
    let mut hosts: Vec<String> = extra_hosts
        .iter()
        .flat_map(|host| {
            let ExtraHost { name, addresses } = &host.value;
            addresses.iter().map(move |address| format!("{name}={address}"))
        })
        .collect();
    hosts.sort();
    put(o, "extra_hosts", (!extra_hosts.is_empty()).then_some(hosts));
    put(o, "external_links", texts(external_links));
    put(o, "links", texts(links));
    put(o, "mac_address", value(mac_address.as_ref()));
}
