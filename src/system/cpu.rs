//! Cores and CPU time: who had it, who waited for it, and how much there may be.

use std::time::Duration;

use super::text_of;

/// CPU time of all cores since the machine started, in the system's own ticks: only shares of it mean something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CpuTimes {
    /// Spent on programs and on the system itself.
    pub busy: u64,
    /// Spent on nothing, or on waiting for a disk.
    pub idle: u64,
    /// Taken by the machine that this one is a guest of.
    pub stolen: u64,
    /// The cores that this is the time of.
    pub cores: u64,
}

impl CpuTimes {
    /// What has come since `earlier`.
    pub fn since(&self, earlier: &Self) -> Self {
        Self {
            busy: self.busy.saturating_sub(earlier.busy),
            idle: self.idle.saturating_sub(earlier.idle),
            stolen: self.stolen.saturating_sub(earlier.stolen),
            cores: self.cores,
        }
    }

    /// The share of all time that was spent on programs; none of no time.
    pub fn busy_share(&self) -> Option<f64> {
        self.share(self.busy)
    }

    /// The share of all time that was taken by the machine below; none of no time.
    pub fn stolen_share(&self) -> Option<f64> {
        self.share(self.stolen)
    }

    /// Of the time that programs wanted, the share that the machine below took; none of no time.
    pub fn stolen_of_wanted(&self) -> Option<f64> {
        let wanted = self.busy + self.stolen;
        (wanted > 0).then(|| self.stolen as f64 / wanted as f64)
    }

    fn share(&self, part: u64) -> Option<f64> {
        let whole = self.busy + self.idle + self.stolen;
        (whole > 0).then(|| part as f64 / whole as f64)
    }
}

/// How long programs have waited for a core.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pressure {
    /// The share of the last ten seconds in which at least one program waited.
    pub last_10s: f64,
    /// The same time since the machine started.
    pub total: Duration,
}

/// CPU time of all cores so far.
pub fn cpu_times() -> Option<CpuTimes> {
    parse_stat(&text_of("/proc/stat")?)
}

/// CPU time of this process so far, all its threads together.
pub fn process_cpu() -> Option<Duration> {
    #[cfg(unix)]
    {
        let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
        Some(Duration::new(time.tv_sec.try_into().ok()?, time.tv_nsec.try_into().ok()?))
    }
    #[cfg(not(unix))]
    {
        None
    }
}

/// How long programs have waited for a core.
pub fn cpu_pressure() -> Option<Pressure> {
    parse_pressure(&text_of("/proc/pressure/cpu")?)
}

/// The cores that the container of this process may use, if it is limited.
pub fn cgroup_cores() -> Option<f64> {
    match text_of("/sys/fs/cgroup/cpu.max") {
        Some(text) => parse_cpu_max(&text),
        None => {
            let number = |name: &str| text_of(&format!("/sys/fs/cgroup/cpu/{name}"))?.trim().parse::<f64>().ok();
            let (quota, period) = (number("cpu.cfs_quota_us")?, number("cpu.cfs_period_us")?);
            (quota > 0.0 && period > 0.0).then(|| quota / period)
        }
    }
}

/// What the system reads the time from.
pub fn clock_source() -> Option<String> {
    let text = text_of("/sys/devices/system/clocksource/clocksource0/current_clocksource")?;
    Some(text.trim().to_owned()).filter(|name| !name.is_empty())
}

/// The model of the processor.
pub fn cpu_model() -> Option<String> {
    parse_model(&text_of("/proc/cpuinfo")?)
}

/// The version of the kernel.
pub fn kernel_release() -> Option<String> {
    text_of("/proc/sys/kernel/osrelease").map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
}

/// The first line `model name : …`; some architectures have none.
fn parse_model(text: &str) -> Option<String> {
    let line = text.lines().find(|line| line.starts_with("model name"))?;
    line.split_once(':').map(|(_, model)| model.trim().to_owned()).filter(|model| !model.is_empty())
}

/// `user nice system idle iowait irq softirq steal guest guest_nice`; the guests are in the first two already.
fn parse_stat(text: &str) -> Option<CpuTimes> {
    let line = text.lines().find_map(|line| line.strip_prefix("cpu "))?;
    let ticks: Vec<u64> = line.split_whitespace().map_while(|word| word.parse().ok()).collect();
    let [user, nice, system, idle, ref more @ ..] = ticks[..] else { return None };
    let at = |place: usize| more.get(place).copied().unwrap_or(0);
    let [io_wait, irq, soft_irq, stolen] = [at(0), at(1), at(2), at(3)];
    let numbered = |line: &&str| line.starts_with("cpu") && !line.starts_with("cpu ");
    let cores = text.lines().filter(numbered).count() as u64;
    Some(CpuTimes { busy: user + nice + system + irq + soft_irq, idle: idle + io_wait, stolen, cores })
}

/// `some avg10=1.23 avg60=… avg300=… total=MICROSECONDS`
fn parse_pressure(text: &str) -> Option<Pressure> {
    let line = text.lines().find_map(|line| line.strip_prefix("some "))?;
    let value = |name: &str| line.split_whitespace().find_map(|word| word.strip_prefix(name));
    let percent: f64 = value("avg10=")?.parse().ok()?;
    let total = Duration::from_micros(value("total=")?.parse().ok()?);
    Some(Pressure { last_10s: percent / 100.0, total })
}

/// `max 100000`, or the time allowed and the time that it is allowed in.
fn parse_cpu_max(text: &str) -> Option<f64> {
    let (allowed, period) = text.trim().split_once(' ')?;
    let (allowed, period): (f64, f64) = (allowed.parse().ok()?, period.parse().ok()?);
    (allowed > 0.0 && period > 0.0).then(|| allowed / period)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_of_all_cores_are_taken_apart() {
        let text = "cpu  100 10 40 800 20 3 7 30 5 0\ncpu0 1 1 1 1 1 1 1 1 1 1\nintr 12\n";
        let times = parse_stat(text).unwrap();
        assert_eq!(times, CpuTimes { busy: 160, idle: 820, stolen: 30, cores: 1 });
        let later = CpuTimes { busy: 190, idle: 870, stolen: 50, cores: 1 };
        let between = later.since(&times);
        assert_eq!((between.busy_share(), between.stolen_share()), (Some(0.3), Some(0.2)));
        assert_eq!(between.stolen_of_wanted(), Some(0.4));
        let idle = CpuTimes { idle: 900, ..times };
        assert_eq!(idle.since(&times).stolen_of_wanted(), None, "nobody wanted any");
        assert_eq!(times.since(&times).busy_share(), None, "no time is no share");
        assert_eq!(
            parse_stat("cpu  1 2 3 4\n"),
            Some(CpuTimes { busy: 6, idle: 4, stolen: 0, cores: 0 }),
            "an old kernel"
        );
        assert_eq!((parse_stat(""), parse_stat("cpu  1 2 x\n")), (None, None));
    }

    #[test]
    fn the_model_of_the_first_core_is_the_machines() {
        let text = "processor\t: 0\nmodel name\t: A CPU @ 2 GHz\nprocessor\t: 1\nmodel name\t: another\n";
        assert_eq!(parse_model(text).as_deref(), Some("A CPU @ 2 GHz"));
        assert_eq!((parse_model("processor: 0\n"), parse_model("model name:\n")), (None, None));
    }

    #[test]
    fn pressure_is_a_share_and_a_time() {
        let text =
            "some avg10=12.50 avg60=3.00 avg300=1.00 total=7000\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=0\n";
        assert_eq!(parse_pressure(text), Some(Pressure { last_10s: 0.125, total: Duration::from_millis(7) }));
        assert_eq!((parse_pressure(""), parse_pressure("some avg10=x total=1")), (None, None));
    }

    #[test]
    fn a_container_without_a_limit_has_none() {
        assert_eq!(parse_cpu_max("150000 100000\n"), Some(1.5));
        assert_eq!([parse_cpu_max("max 100000\n"), parse_cpu_max(""), parse_cpu_max("5 0")], [None; 3]);
    }
}
