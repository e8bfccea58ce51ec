"""Known column names in tables of events.

All are keys (`delimited.key_of`): only lower-case letters and digits, so `Begin Time (s)`, `Begin.Time..s.` and
`begin_time_s` are the same. If a table has several, the first in the list counts.
"""

# The recording.
BEGIN_FILE, BEGIN_PATH, END_FILE, END_PATH = "beginfile", "beginpath", "endfile", "endpath"  # Of Raven.
OF_KALEIDOSCOPE = "infile"
RECORDING = (
    "wavfilename",  # Pod.Cast
    "filename",  # Ketos, APLOSE
    OF_KALEIDOSCOPE,
    "audiofile",  # OpenSoundscape
    "soundfile",
    "soundfiles",  # warbleR
    *("soundfilename", "audiofilename", "audiopath", "audiofilepath"),
    "notatedpath",  # crowsetta
    "recording",  # this project's own detections
    *("recordingname", "recordingfile", "recordingfilename", "recordingpath", "wavfile", "wavname", "wavpath", "wav"),
    "filepath",
    "file",  # BirdNET, OpenSoundscape
    *("path", "sourcefile", "audio"),
)
FOLDER = "folder"  # Kaleidoscope has a separate column for the folder of a recording.

# Seconds from the start of the recording.
RAVEN_BEGIN, FILE_OFFSET = "begintimes", "fileoffsets"
ONSET = ("onsets", "onset", "onsetsec", "onsettime")
START = (
    *("starttimes", "starttime", "starts", "start", "startsec", "startsecs", "startseconds", "startinseconds"),
    *("starttimesec", "starttimeseconds"),
    RAVEN_BEGIN,
    *("begintime", "begins", "begin", "beginsec", "beginseconds", "begintimesec", "startoffsets", "startoffset"),
    *("tstart", "tmin", "filebeginsec"),
    *ONSET,
    "offset",  # Kaleidoscope; in a table with onsets, the end
    "offsets",
)
END = (
    *("endtimes", "endtime", "ends", "end", "endsec", "endsecs", "endseconds", "endinseconds", "endtimesec"),
    *("endtimeseconds", "stoptimes", "stoptime", "stops", "stop", "stopsec", "endoffsets", "endoffset", "tend"),
    *("tmax", "fileendsec"),
)
OFFSET_AS_END = ("offsets", "offset", "offsetsec", "offsettime")
DURATION = (
    *("durations", "duration", "durationsec", "durationsecs", "durationseconds", "durationinseconds", "durs", "dur"),
    *("lengths", "length"),
    "deltatimes",  # Raven
    "calllengths",  # DeepSqueak
)

# The annotators' words for a sound. Every column counts, but only one of those with the names of a species.
CHECKED = "manualid"  # Kaleidoscope; empty if only the software found it.
LABELS = (
    *("label", "labels", "annotation", "annotations", "calltype", "soundtype", "tag", "tags", "class", "classname"),
    *("category", CHECKED),
)
SPECIES = ("species", "commonname", "speciesname", "scientificname", "speciescode", "classspecies")
WORDS = (*((name,) for name in LABELS), SPECIES)
IS_BOX, TYPE = "isbox", "type"  # APLOSE: whether an annotation is a box around a sound, or is for a whole file.

# Where and when the recording was made.
SITE = ("site", "location")
DATE, TIME = "date", "pstormastertapeidentifier"

# What a person has decided about a detection of this project.
VERDICT, SCORES = "verdict", ("score", "pcall")

# Columns that never name a sound.
NOTES = ("note", "notes", "comment", "comments", "remark", "remarks")
PASSED_OVER = {
    *(BEGIN_FILE, BEGIN_PATH, END_FILE, END_PATH, *RECORDING, FOLDER),
    *(*START, *END, *OFFSET_AS_END, *DURATION, *SITE, DATE, TIME, *NOTES, FILE_OFFSET),
    *("selection", "selec", "view", "channel", "id", "x", "", "indir", "outdir", "hour", "time"),
    *(word for group in WORDS for word in group),
    *("annotator", "annotators", "analyst", "observer", "reviewer", "user", "author", "provider", "dataset", "project"),
    *("source", "license", "licence", "instrument", "recorder", "deployment", "timezone", "datetime", "timestamp"),
    *("utc", "begindate", "begindatetime", "enddate", "enddatetime", "beginclocktime", "endclocktime"),
    *("startdatetime", "startdate", "confidence", *SCORES, VERDICT, "continues", "autoid", "ravenfile", "selecfile"),
}
