//! The fuzz targets: any bytes into every reader of network input, and into the whole sfu; what counts as broken is a panic, an
//! endless loop or a law that fails. How they are driven is the business of the binary and of `run`.

mod parsers;
mod sealed;
mod server;

pub struct Target {
    pub name: &'static str,
    pub run: fn(&[u8]),
    /// Well-formed inputs to start from.
    pub seeds: fn() -> Vec<Vec<u8>>,
}

pub const TARGETS: &[Target] = &[
    Target {
        name: "rtp",
        run: parsers::rtp,
        seeds: parsers::rtp_seeds,
    },
    Target {
        name: "rtcp",
        run: parsers::rtcp,
        seeds: parsers::rtcp_seeds,
    },
    Target {
        name: "feedback",
        run: parsers::feedback,
        seeds: parsers::rtcp_seeds,
    },
    Target {
        name: "stun",
        run: parsers::stun,
        seeds: parsers::stun_seeds,
    },
    Target {
        name: "codecs",
        run: parsers::codecs,
        seeds: parsers::codec_seeds,
    },
    Target {
        name: "srtcp",
        run: sealed::srtcp,
        seeds: parsers::rtcp_seeds,
    },
    Target {
        name: "sdp",
        run: server::sdp,
        seeds: server::sdp_seeds,
    },
    Target {
        name: "datagrams",
        run: server::datagrams,
        seeds: server::datagram_seeds,
    },
];

pub fn target(name: &str) -> Option<Target> {
    TARGETS
        .iter()
        .find(|target| target.name == name)
        .map(|target| Target { ..*target })
}
