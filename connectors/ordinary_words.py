"""Words that are logins of people or services here and there, and ordinary words nearly everywhere.

A login that is one of them is struck out of a text only where it is written as a name. The list holds
what turns up in titles of incidents, decisions and postmortems, not a whole dictionary: where it lacks a
word, one word too many is struck out; where it held too many, people would stay in.
"""

# First names and surnames that are words.
_NAMES = """
    amber angel art august autumn baker banks bell bill black block bolt bond booker brook brown buck burns
    bush butler cannon carol carpenter carter case cash chance chase clay cliff close cole cook cooper crane
    cross crystal dale dash dawn day dean dolly drew duke earl east field fields fisher forest fox frank
    gene glen grace grant gray green grey guy hall hand harbour hardy heath hill holly hood hope house hunter
    iris ivy jack jade jay joy june kay king kit knight lake lane law little long love major mark marks
    marsh mason may mercy miles mills moon moss nick noble north olive page park parker pat patience
    pearl penny pierce piper pike pool potter power price queen rain randy ray read reed rich
    rivers rob robin rock rose ruby rush sandy sharp shell short singer sky small snow sparks star
    stone story strong sue summer swift tanner taylor tony trip turner van victor violet
    wade walker ward waters webb weeks wells west white wild will winter wise wolf wood woods worth young
"""
# What machines and shared accounts are called.
_ACCOUNTS = """
    account accounts admin agent alert alerts alpha api app apps audit auth backup batch beta billing bot
    bots build builder cache cart catalog catalogue chat checkout cloud cluster code config console core cron
    customer dashboard data database db demo deploy deployer deployment dev devops dns docker docs email
    engineering events feed finance frontend gateway git github gitlab grafana guest help hub
    identity inbox info infra infrastructure internal jenkins jira job jobs kafka kubernetes legal linux
    log logs mail main manager marketing master merge metrics migration mobile monitor monitoring
    network node notify office ops oracle orders partner payment payments platform portal postgres prod
    product production project prometheus proxy public queue redis registry release report reports
    robot root runner sales sandbox scheduler search secure security server service services shop slack
    sonar staff staging status storage store support sync system task team test tester testing tests
    tool tools training unknown update user users vault web webhook website worker workflow
"""
# Short words that everybody writes.
_COMMON = """
    all and any are but can did for from get had has her him his how its let new not now off old one our out
    own she see the they this too two use was who why with you zero
"""
ORDINARY_WORDS = frozenset(f"{_NAMES} {_ACCOUNTS} {_COMMON}".split())
