"""Which autonomous systems carry servers, hide their users, or carry mobile phones.

Two sources, joined by `flags_of`:

- the curated table below: operators known by their own public documentation (cloud and hosting companies, VPN
  services, the larger Tor exit operators, mobile carriers), checked against the organisation names of the shipped
  table. A network that carries homes *and* servers (KDDI AS2516, SoftBank AS17676, NTT AS4713, IIJ AS2497) is not
  listed: a flag on it would accuse half of Japan;
- the registered organisation name: how the large renters' names begin (`HOSTING_BRANDS`), or a word that only a
  hosting company uses (`HOSTING_WORDS`), less the telephone companies, places and others that merely look like one
  (`NOT_HOSTING`).

Content networks and corporate gateways (Cloudflare, Akamai, Fastly, Zscaler) are left alone: people reach their
broker through them (iCloud Private Relay, WARP, an office's proxy).
"""

import re

from kuraban.core.layout import NET_ANONYMISER, NET_HOSTING, NET_MOBILE

HOSTING = {
    # Large clouds.
    16509: "Amazon Web Services",
    14618: "Amazon Web Services",
    8987: "Amazon Web Services (Europe)",
    15169: "Google",
    396982: "Google Cloud",
    8075: "Microsoft Azure",
    8068: "Microsoft",
    31898: "Oracle Cloud",
    36351: "IBM Cloud (SoftLayer)",
    45102: "Alibaba Cloud (international)",
    37963: "Alibaba Cloud (China)",
    134963: "Alibaba Cloud (Singapore)",
    132203: "Tencent Cloud (international)",
    45090: "Tencent Cloud (China)",
    133478: "Tencent Cloud (Beijing)",
    136907: "Huawei Cloud (international)",
    55990: "Huawei Cloud (China)",
    135377: "UCloud (Hong Kong)",
    59019: "Kingsoft Cloud",
    138915: "Kaopu Cloud",
    200350: "Yandex Cloud",
    # Rented servers, known to rent to anyone.
    16276: "OVH",
    24940: "Hetzner",
    213230: "Hetzner Cloud",
    212317: "Hetzner Cloud (US)",
    14061: "DigitalOcean",
    63949: "Akamai Connected Cloud (Linode)",
    20473: "Vultr (The Constant Company, Choopa)",
    51167: "Contabo",
    40021: "Contabo (US)",
    141995: "Contabo (Asia)",
    60781: "Leaseweb (Netherlands)",
    28753: "Leaseweb (Germany)",
    59253: "Leaseweb (Singapore)",
    30633: "Leaseweb (US)",
    7203: "Leaseweb (US)",
    396362: "Leaseweb (US)",
    12876: "Scaleway",
    8560: "IONOS",
    197540: "netcup",
    47583: "Hostinger",
    36352: "ColoCrossing (HostPapa)",
    53667: "FranTech (BuyVM)",
    62240: "Clouvider",
    8100: "QuadraNet",
    35916: "Multacom",
    25820: "IT7 Networks (BandwagonHost)",
    906: "DMIT",
    9009: "M247",
    60068: "Datacamp (CDN77)",
    212238: "Datacamp (CDN77)",
    203020: "HostRoyale",
    202425: "IP Volume",
    49505: "Selectel",
    9123: "Timeweb",
    # Japan.
    9370: "SAKURA Internet (さくらインターネット)",
    9371: "SAKURA Internet (さくらインターネット)",
    7684: "SAKURA Internet (さくらインターネット)",
    7506: "GMO Internet (ConoHa, お名前.com)",
    58791: "GMO Internet",
    131965: "Xserver (エックスサーバー)",
    9597: "KDDI Web Communications (CPI)",
    4694: "IDC Frontier (IDCフロンティア)",
}

ANONYMISER = {
    # The servers most commercial VPN services rent (NordVPN, Surfshark, ExpressVPN and others among their tenants).
    9009: "M247",
    60068: "Datacamp (CDN77)",
    212238: "Datacamp (CDN77)",
    # VPN services' own networks.
    39351: "31173 Services (Mullvad's host)",
    216025: "Mullvad VPN",
    62371: "Proton",
    199218: "Proton VPN",
    208172: "Proton VPN",
    209103: "Proton VPN",
    203619: "IVPN",
    201665: "Anonymizer",
    # Operators of large Tor exits.
    60729: "Stiftung Erneuerbare Freiheit (Tor exits)",
    208323: "Foundation for Applied Privacy (Tor exits)",
    205100: "F3 Netze (Tor exits)",
    4224: "The Calyx Institute (Tor exits)",
    62744: "Quintex Alliance Consulting (Tor exits)",
    396507: "Emerald Onion (Tor exits)",
    200651: "FlokiNET (Tor-friendly hosting)",
}

MOBILE = {
    9605: "NTT DOCOMO",
    138384: "Rakuten Mobile (楽天モバイル)",
    131910: "SORACOM",
    21928: "T-Mobile USA",
    22394: "Verizon Wireless",
    6167: "Verizon Wireless",
    17421: "Chunghwa Telecom Mobile (中華電信)",
    24158: "Taiwan Mobile (台湾大哥大)",
    45143: "Singtel Mobile",
    17924: "SmarTone",
    137872: "China Mobile Hong Kong",
    51207: "Free Mobile",
}

HOSTING_WORDS = re.compile(
    r"hosting|hosters?\b|hostinger|web ?host|\bhost(?:royale|papa|key|dime|hatch|sailor|way|winds|gator)"
    r"|\bcloud|cloud\b|cloud (?:computing|services?)|data ?cent(?:er|re)s?\b|\bdatacamp"
    r"|\b(?:game|i)?server|(?<!ob)servers?\b|\bvps|\bcolo(?:cation|crossing)?\b|dedicated|\bidc\b|internet data center",
    re.IGNORECASE,
)
NOT_HOSTING = re.compile(
    r"cloudflare|observer|universit|school|college|hospital|\bstate of\b|county|\bgovernment|\bministry|insurance"
    r"|\bbank\b|telecom|telkom|broadband|\bfib(?:er|re)\b|wireless|\bwi-?fi\b|\bisp\b|cable|\bmobile\b|chinanet"
    r"|school district|dedicated to|hostel|hospitality|red cloud|st\.? cloud|mccloud|saint cloud|software"
    r"|securities|the cloud networks",
    re.IGNORECASE,
)
# Renters of servers under many numbers, by how their registered names begin.
HOSTING_BRANDS = re.compile(
    r"(?:ovh|hetzner|leaseweb|contabo|scaleway|digitalocean|m247|datacamp|packethub|kamatera|hivelocity|worldstream"
    r"|nforce|zenlayer|psychz|b2 net solutions|tzulo|webnx|sharktech|private layer|limestone networks|aeza|g-core labs"
    r"|phoenixnap|upcloud|gthost|kagoya|vultr|linode|choopa|racknerd)\b",
    re.IGNORECASE,
)
# M247 and PacketHub rent mostly to VPN services (PacketHub to NordVPN alone).
ANONYMISER_BRANDS = re.compile(r"(?:m247|packethub|mullvad|datacamp)\b", re.IGNORECASE)
ANONYMISER_WORDS = re.compile(r"\b(?:vpn|anonymizer|tor exit)\b(?! de )", re.IGNORECASE)
NOT_ANONYMISER = re.compile(r"infraestrutura|telecom|mexico|\bs\.?a\.? de c\.?v", re.IGNORECASE)


def flags_of_name(name: str) -> int:
    """`NET_HOSTING` and `NET_ANONYMISER` bits that an organisation's registered name alone earns it."""
    flags = 0
    if HOSTING_BRANDS.match(name) or (HOSTING_WORDS.search(name) and not NOT_HOSTING.search(name)):
        flags |= NET_HOSTING
    if ANONYMISER_BRANDS.match(name) or (ANONYMISER_WORDS.search(name) and not NOT_ANONYMISER.search(name)):
        flags |= NET_ANONYMISER
    return flags


def flags_of(asn: int) -> int:
    """The bits the curated table gives an autonomous system, 0 for one it does not list."""
    return (
        (NET_HOSTING if asn in HOSTING else 0)
        | (NET_ANONYMISER if asn in ANONYMISER else 0)
        | (NET_MOBILE if asn in MOBILE else 0)
    )


CURATED = tuple(sorted(HOSTING.keys() | ANONYMISER.keys() | MOBILE.keys()))
