//! `huisclos-load`: puts a load on a server that speaks the LiveKit protocol (`run`), or measures what this machine
//! could do at best (`limit`). Figures go to standard output as JSON, one object a line.

mod client;
mod frames;
mod limit;
mod load;
mod protocol;
mod report;
mod role;
mod segments;
mod signal;
mod sockets;
mod source;
mod tally;
mod token;

use std::error::Error;
use std::ffi::OsString;
use std::process::ExitCode;
use std::time::Duration;

use lexopt::prelude::*;
use serde_json::Value;

use crate::limit::LimitPlan;
use crate::load::{Load, Plan};
use crate::role::Camera;

const HELP: &str = "\
huisclos-load run --server 127.0.0.1:7880 --key KEY --secret SECRET [options]
    --rooms 1  --publishers 1  --subscribers 50      people in each room
    --simulcast                                      cameras send three layers
    --joins-at-once 8  --join-limit 60  --warm-up 3  (limits in seconds)
    --room-prefix bench

huisclos-load limit [options]
    --subscribers 100  --cores 0,1                   sending core, emptying core

both:
    --fps 30  --packets-per-frame 10  --no-audio  --window 8  --seed 1
";

fn main() -> ExitCode {
    let outcome = match std::env::args().nth(1).as_deref() {
        Some("run") => run(),
        Some("limit") => limit(),
        _ => Err(HELP.into()),
    };
    match outcome {
        Ok(line) => {
            println!("{line}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<Value, Box<dyn Error>> {
    let options = Options::read()?;
    let report = Load::new(options.plan).and_then(Load::run)?;
    Ok(serde_json::to_value(report)?)
}

fn limit() -> Result<Value, Box<dyn Error>> {
    let Options { plan, cores } = Options::read()?;
    let limit = limit::measure(&LimitPlan {
        subscribers: plan.subscribers,
        fps: plan.camera.fps,
        packets_per_frame: plan.camera.packets_per_frame,
        microphone: plan.microphone,
        window: plan.window,
        seed: plan.seed,
        cores,
    })?;
    Ok(serde_json::to_value(limit)?)
}

struct Options {
    plan: Plan,
    cores: (usize, usize),
}

impl Options {
    fn read() -> Result<Options, Box<dyn Error>> {
        let mut options = Options {
            plan: Plan {
                server: ([127, 0, 0, 1], 7880).into(),
                key: String::new(),
                secret: String::new(),
                room_prefix: "bench".into(),
                rooms: 1,
                publishers: 1,
                subscribers: 50,
                camera: Camera {
                    fps: 30,
                    packets_per_frame: 10,
                    simulcast: false,
                },
                microphone: true,
                joins_at_once: 8,
                join_limit: Duration::from_secs(60),
                warm_up: Duration::from_secs(3),
                window: Duration::from_secs(8),
                seed: 1,
            },
            cores: (0, 1),
        };
        let plan = &mut options.plan;
        let mut arguments = lexopt::Parser::from_args(std::env::args_os().skip(2));
        while let Some(argument) = arguments.next()? {
            match argument {
                Long("server") => plan.server = arguments.value()?.parse()?,
                Long("key") => plan.key = arguments.value()?.parse()?,
                Long("secret") => plan.secret = arguments.value()?.parse()?,
                Long("room-prefix") => plan.room_prefix = arguments.value()?.parse()?,
                Long("rooms") => plan.rooms = arguments.value()?.parse()?,
                Long("publishers") => plan.publishers = arguments.value()?.parse()?,
                Long("subscribers") => plan.subscribers = arguments.value()?.parse()?,
                Long("fps") => plan.camera.fps = arguments.value()?.parse()?,
                Long("packets-per-frame") => {
                    plan.camera.packets_per_frame = arguments.value()?.parse()?
                }
                Long("simulcast") => plan.camera.simulcast = true,
                Long("no-audio") => plan.microphone = false,
                Long("joins-at-once") => plan.joins_at_once = arguments.value()?.parse()?,
                Long("join-limit") => plan.join_limit = seconds(&arguments.value()?)?,
                Long("warm-up") => plan.warm_up = seconds(&arguments.value()?)?,
                Long("window") => plan.window = seconds(&arguments.value()?)?,
                Long("seed") => plan.seed = arguments.value()?.parse()?,
                Long("cores") => options.cores = pair(&arguments.value()?.string()?)?,
                other => return Err(other.unexpected().into()),
            }
        }
        if plan.camera.fps == 0 || plan.camera.packets_per_frame == 0 {
            return Err("--fps and --packets-per-frame are at least 1".into());
        }
        Ok(options)
    }
}

fn seconds(value: &OsString) -> Result<Duration, Box<dyn Error>> {
    Ok(Duration::try_from_secs_f64(value.parse()?)?)
}

fn pair(value: &str) -> Result<(usize, usize), Box<dyn Error>> {
    let (first, second) = value
        .split_once(',')
        .ok_or("--cores takes two numbers, like 0,1")?;
    Ok((first.parse()?, second.parse()?))
}
