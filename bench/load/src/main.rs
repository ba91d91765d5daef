//! `huisclos-load`: puts a load on a server that speaks the LiveKit protocol (`run`), or measures what this machine
//! could do at best (`limit`). Figures go to standard output as JSON, one object a line.

mod client;
mod frames;
mod load;
mod protocol;
mod report;
mod signal;
mod sockets;
mod source;
mod tally;
mod token;

use std::process::ExitCode;
use std::time::Duration;

use lexopt::prelude::*;

use crate::client::Camera;
use crate::load::{Load, Plan, say};

const HELP: &str = "\
huisclos-load run --server 127.0.0.1:7880 --key KEY --secret SECRET [options]
    --rooms 1  --publishers 1  --subscribers 50      people in each room
    --fps 30  --packets-per-frame 10  --simulcast  --no-audio
    --joins-at-once 4  --join-limit 60  --warm-up 3  --window 8  --seed 1      (limits in seconds)
    --room-prefix bench
";

fn main() -> ExitCode {
    let outcome = match std::env::args().nth(1).as_deref() {
        Some("run") => plan()
            .map_err(|error| error.to_string())
            .and_then(|plan| {
                let report = Load::new(plan).and_then(Load::run);
                report.map_err(|error| error.to_string())
            })
            .and_then(|report| {
                let line = serde_json::to_value(&report).map_err(|error| error.to_string())?;
                say(&line).map_err(|error| error.to_string())
            }),
        _ => Err(HELP.to_owned()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}

fn plan() -> Result<Plan, lexopt::Error> {
    let mut plan = Plan {
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
        joins_at_once: 4,
        join_limit: Duration::from_secs(60),
        warm_up: Duration::from_secs(3),
        window: Duration::from_secs(8),
        seed: 1,
    };
    let mut arguments = lexopt::Parser::from_env();
    while let Some(argument) = arguments.next()? {
        let seconds = |value: std::ffi::OsString| value.parse().map(Duration::from_secs_f64);
        match argument {
            Value(_) => {}
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
            Long("join-limit") => plan.join_limit = seconds(arguments.value()?)?,
            Long("warm-up") => plan.warm_up = seconds(arguments.value()?)?,
            Long("window") => plan.window = seconds(arguments.value()?)?,
            Long("seed") => plan.seed = arguments.value()?.parse()?,
            other => return Err(other.unexpected()),
        }
    }
    Ok(plan)
}
