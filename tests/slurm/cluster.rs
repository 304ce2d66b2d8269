//! A real Slurm as four virtual nodes on the loopback address, with all its state in one folder.

use std::fs;
use std::io::Read as _;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// The nodes' names; each runs one task at a time.
pub const NODES: [&str; 4] = ["n1", "n2", "n3", "n4"];

const TEMPLATE: &str = include_str!("slurm.conf");
/// Everything that must be there.
const PROGRAMS: [&str; 7] = ["munged", "slurmctld", "slurmd", "sbatch", "squeue", "sinfo", "scontrol"];
/// Debian has the daemons where the path of a user may not lead.
const SYSTEM: &str = "/usr/sbin:/sbin";

/// The daemons, ended with this.
pub struct Cluster {
    folder: PathBuf,
    munged: Child,
    controller: Child,
    nodes: Vec<Child>,
}

impl Cluster {
    /// Starts it with its state in `folder`.
    ///
    /// # Errors
    /// Why there can be none here.
    pub fn start(folder: &Path) -> Result<Self, String> {
        if !Path::new("/proc/self/environ").exists() || fs::metadata("/proc/self").is_ok_and(|own| owner(&own) != 0) {
            return Err("its daemons need root on Linux".to_owned());
        }
        if let Some(missing) = PROGRAMS.iter().find(|name| !is_there(name)) {
            return Err(format!("there is no {missing}; on Debian: apt-get install slurm-wlm munge"));
        }
        configure(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        let at = |name: &str| folder.join(name).display().to_string();
        // Munge refuses folders that others may write into, unless it is forced to.
        let munge = [
            "--foreground".to_owned(),
            "--force".to_owned(),
            format!("--socket={}", at("munge.sock")),
            format!("--key-file={}", at("munge.key")),
            format!("--pid-file={}", at("munged.pid")),
            format!("--log-file={}", at("munged.log")),
            format!("--seed-file={}", at("munged.seed")),
        ];
        let munged = daemon(folder, "munged", &munge)?;
        within(Duration::from_secs(10), || folder.join("munge.sock").exists());
        let controller = daemon(folder, "slurmctld", &["-D".to_owned(), "-c".to_owned()])?;
        let mut cluster = Cluster { folder: folder.to_owned(), munged, controller, nodes: Vec::new() };
        for node in NODES {
            let started = cluster.daemon_of(node)?;
            cluster.nodes.push(started);
        }
        let up = || cluster.asked("sinfo", &["-h", "-N", "-t", "idle", "-o", "%N"]).lines().count() == NODES.len();
        if within(Duration::from_secs(30), up) {
            return Ok(cluster);
        }
        let log = fs::read_to_string(folder.join("slurmctld.log")).unwrap_or_default();
        Err(format!("its nodes do not come up; slurmctld says:\n{log}"))
    }

    /// A command that finds this cluster, and nothing of a job array that the test itself may run in.
    pub fn command(&self, program: &str) -> Command {
        command(&self.folder, program)
    }

    /// What one of Slurm's commands prints; nothing where it fails.
    pub fn asked(&self, program: &str, args: &[&str]) -> String {
        let output = self.command(program).args(args).output();
        output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default()
    }

    /// Kills a node as a power cut does: its daemon and everything on it, none of them told before.
    pub fn kill(&mut self, node: &str) {
        let daemon = &mut self.nodes[index(node)];
        drop(daemon.kill());
        drop(daemon.wait());
        for task in tasks_on(&self.folder, node) {
            // The batch script's parent is the step's manager, which would report the end of its child.
            for process in parent(task).into_iter().chain([task]) {
                drop(Command::new("kill").args(["-KILL", &process.to_string()]).status());
            }
        }
        // What the controller finds out by itself after SlurmdTimeout, five minutes.
        self.asked("scontrol", &["update", &format!("NodeName={node}"), "State=DOWN", "Reason=power"]);
    }

    /// Starts a killed node again.
    pub fn restart(&mut self, node: &str) -> Result<(), String> {
        self.nodes[index(node)] = self.daemon_of(node)?;
        Ok(())
    }

    fn daemon_of(&self, node: &str) -> Result<Child, String> {
        daemon(&self.folder, "slurmd", &["-D".to_owned(), "-c".to_owned(), "-N".to_owned(), node.to_owned()])
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        for task in NODES.iter().flat_map(|node| tasks_on(&self.folder, node)) {
            for process in parent(task).into_iter().chain([task]) {
                drop(Command::new("kill").args(["-KILL", &process.to_string()]).status());
            }
        }
        for daemon in self.nodes.iter_mut().chain([&mut self.controller, &mut self.munged]) {
            drop(daemon.kill());
            drop(daemon.wait());
        }
    }
}

/// Asks again and again until it is so; whether it ever was in that time.
pub fn within(time: Duration, mut is_so: impl FnMut() -> bool) -> bool {
    let begun = Instant::now();
    loop {
        if is_so() {
            return true;
        }
        if begun.elapsed() > time {
            return false;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn configure(folder: &Path) -> std::io::Result<()> {
    fs::create_dir_all(folder.join("state"))?;
    // All are held until all are known, so that no two are the same.
    let held: Vec<TcpListener> =
        (0..=NODES.len()).map(|_| TcpListener::bind("127.0.0.1:0")).collect::<std::io::Result<_>>()?;
    let ports: Vec<u16> = held.iter().map(|socket| Ok(socket.local_addr()?.port())).collect::<std::io::Result<_>>()?;
    let name = fs::read_to_string("/proc/sys/kernel/hostname")?;
    let host = name.trim().split('.').next().unwrap_or_default();
    let mut text = TEMPLATE
        .replace("@HOST@", host)
        .replace("@PORT@", &ports[0].to_string())
        .replace("@DIR@", &folder.display().to_string());
    for (node, port) in NODES.iter().zip(&ports[1..]) {
        text.push_str(&format!(
            "NodeName={node} NodeHostname={host} NodeAddr=127.0.0.1 Port={port} CPUs=1 RealMemory=1000 State=UNKNOWN\n"
        ));
        fs::create_dir_all(folder.join(format!("spool-{node}")))?;
    }
    fs::write(folder.join("slurm.conf"), text)?;
    let mut key = [0; 1024];
    fs::File::open("/dev/urandom")?.read_exact(&mut key)?;
    fs::write(folder.join("munge.key"), key)?;
    fs::set_permissions(folder.join("munge.key"), fs::Permissions::from_mode(0o400))
}

fn command(folder: &Path, program: &str) -> Command {
    let path = std::env::var("PATH").unwrap_or_default();
    let mut command = Command::new(program);
    command.env("PATH", format!("{path}:{SYSTEM}")).env("SLURM_CONF", folder.join("slurm.conf")).current_dir(folder);
    for name in ["SLURM_ARRAY_TASK_ID", "JOB_COMPLETION_INDEX", "JOB_COMPLETIONS", "SLURMD_NODENAME"] {
        command.env_remove(name);
    }
    command
}

fn daemon(folder: &Path, program: &str, args: &[String]) -> Result<Child, String> {
    let mut command = command(folder, program);
    command.args(args).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().map_err(|error| format!("{program} cannot be started: {error}"))
}

fn is_there(program: &str) -> bool {
    let path = std::env::var("PATH").unwrap_or_default();
    format!("{path}:{SYSTEM}").split(':').any(|folder| Path::new(folder).join(program).is_file())
}

fn index(node: &str) -> usize {
    NODES.iter().position(|known| *known == node).expect("a node of this cluster")
}

fn owner(of: &fs::Metadata) -> u32 {
    std::os::unix::fs::MetadataExt::uid(of)
}

/// The processes that this cluster, and no other on the host, has started for tasks on a node.
fn tasks_on(folder: &Path, node: &str) -> Vec<u32> {
    let conf = format!("SLURM_CONF={}", folder.join("slurm.conf").display());
    let name = format!("SLURMD_NODENAME={node}");
    let is_task = |process: &u32| {
        let Ok(environment) = fs::read(format!("/proc/{process}/environ")) else { return false };
        let has = |wanted: &str| environment.split(|&byte| byte == 0).any(|entry| entry == wanted.as_bytes());
        has(&conf) && has(&name)
    };
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    processes.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).filter(is_task).collect()
}

/// The parent of a process, where that is a step's manager.
fn parent(process: u32) -> Option<u32> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let parent: u32 = status.lines().find_map(|line| line.strip_prefix("PPid:"))?.trim().parse().ok()?;
    fs::read_to_string(format!("/proc/{parent}/comm"))
        .is_ok_and(|name| name.starts_with("slurmstepd"))
        .then_some(parent)
}
