/** Who is in the room, as the model wants to know it: translates participants and publications into people. */

import {
  ConnectionQuality,
  type Participant,
  type RemoteAudioTrack,
  type Room,
  Track,
  type TrackPublication,
} from "livekit-client";
import type { Person, Sending } from "../model/call";
import type { Member } from "../model/encryption";
import type { PictureHandle, SoundHandle } from "../model/ports";

// One handle a track for as long as it lives: a new one would make the page attach the picture again.
const pictures = new WeakMap<Track, PictureHandle>();
const sounds = new WeakMap<Track, SoundHandle>();

export function rosterOf(room: Room): Person[] {
  return [room.localParticipant, ...room.remoteParticipants.values()].map((participant) => personOf(participant, room));
}

/**
 * The members of an encrypted group, as its tree has them: who is connected without being a member is nobody here, and a name that
 * the server tells is not heard.
 */
export function groupOf(room: Room, members: readonly Member[]): Person[] {
  return members.map(({ identity, name, isSelf }) => {
    const participant = isSelf ? room.localParticipant : room.remoteParticipants.get(identity);
    return { ...(participant === undefined ? absent : personOf(participant, room)), id: identity, name, isSelf };
  });
}

/** A member whose media have not come yet. */
const absent: Omit<Person, "id" | "name" | "isSelf"> = {
  microphone: "none",
  camera: "none",
  picture: null,
  screen: null,
  sounds: [],
  line: "good",
};

function personOf(participant: Participant, room: Room): Person {
  const isSelf = participant === room.localParticipant;
  const camera = participant.getTrackPublication(Track.Source.Camera);
  const screen = participant.getTrackPublication(Track.Source.ScreenShare);
  return {
    id: participant.identity,
    name: participant.name ?? "",
    isSelf,
    microphone: sending(participant.getTrackPublication(Track.Source.Microphone)),
    camera: sending(camera),
    picture: picture(camera),
    screen: picture(screen),
    sounds: isSelf ? [] : [...participant.audioTrackPublications.values()].flatMap(sound),
    line: line(participant.connectionQuality),
  };
}

function sending(publication: TrackPublication | undefined): Sending {
  if (publication === undefined) return "none";
  return publication.isMuted ? "off" : "on";
}

function picture(publication: TrackPublication | undefined): PictureHandle | null {
  const track = publication?.track;
  if (publication === undefined || publication.isMuted || track === undefined) return null;
  return handle(pictures, track);
}

function sound(publication: TrackPublication): { id: string; handle: SoundHandle }[] {
  const track = publication.track as RemoteAudioTrack | undefined;
  return track === undefined ? [] : [{ id: publication.trackSid, handle: handle(sounds, track) }];
}

function handle<H extends PictureHandle | SoundHandle>(handles: WeakMap<Track, H>, track: Track): H {
  const known = handles.get(track);
  if (known !== undefined) return known;
  const made = {
    attach(element: HTMLMediaElement) {
      track.attach(element);
      return () => void track.detach(element);
    },
  } as H;
  handles.set(track, made);
  return made;
}

function line(quality: ConnectionQuality): Person["line"] {
  if (quality === ConnectionQuality.Lost) return "lost";
  return quality === ConnectionQuality.Poor ? "poor" : "good";
}
