"""What the reasons of a verdict say to people. Every code that a verdict can carry stands here."""

from kuraban.home.model import Why, Words

WORDS: dict[str, Words] = {
    # What proves
    "provider_confirms": Words(
        "あなたのメール事業者が、{broker}のドメインからの送信であることを確認しています。",
        "Your own mail provider confirmed that this came from {broker}'s domain.",
    ),
    "signature_holds": Words(
        "{broker}の電子署名（DKIM）をこのパソコンで検証し、本文が改ざんされていないことを確認しました。",
        "{broker}'s signature (DKIM) was checked on this computer and the content is unaltered.",
    ),
    "forwarder_confirms": Words(
        "あなたが信頼する転送元が、{broker}のドメインからの送信であることを確認しています。",
        "A forwarder you trust confirmed that this came from {broker}'s domain.",
    ),
    # What speaks against
    "provider_denies": Words(
        "あなたのメール事業者の検査で、{broker}からの送信ではないと判定されています。",
        "Your own mail provider found that this did not come from {broker}.",
    ),
    "body_changed": Words(
        "{broker}の署名と本文が一致しません。送信後に書き換えられています。",
        "The content does not match {broker}'s signature: it was altered after it was signed.",
    ),
    "body_rewritten": Words(
        "届いた後に本文の保存形式が変わっています（事業者によっては普通のことです）。差出人と件名の署名は有効です。",
        "The body was stored in another form after it came, as some providers do; sender and subject are as signed.",
    ),
    "header_changed": Words(
        "{broker}の署名と、差出人・件名などが一致しません。",
        "Sender, subject or other fields do not match {broker}'s signature.",
    ),
    "repeated_from": Words("差出人（From）の欄が2つ以上あります。", "There is more than one From field."),
    "several_addresses": Words(
        "差出人の欄に2つ以上のアドレスが書かれています。", "The From field holds more than one address."
    ),
    "shows_other_address": Words(
        "差出人の欄に、本当の差出人と違うアドレス（{detail}）を見せています。",
        "The From field shows another address ({detail}) than the one it is from.",
    ),
    "no_from": Words("差出人の欄がありません。", "There is no From field."),
    "malformed_from": Words("差出人の欄の書き方が壊れています。", "The From field is malformed."),
    "encoded_address": Words(
        "差出人のアドレスが符号化で隠されています。", "The sender's address is hidden in an encoding."
    ),
    "comment": Words("差出人の欄に注釈が混ぜられています。", "A comment is mixed into the From field."),
    "route": Words("差出人の欄に経路指定が混ぜられています。", "A route is mixed into the From field."),
    "group": Words("差出人の欄がグループの書き方になっています。", "The From field is written as a group."),
    "null_byte": Words("ヘッダーに見えない制御文字（NUL）が入っています。", "The header holds NUL characters."),
    "bare_cr": Words("ヘッダーの改行が壊れています。", "The header's line ends are broken."),
    "hidden_field": Words(
        "折り返し行に、別の差出人や件名が隠されています。", "A folded line hides another sender or subject."
    ),
    "malformed_header": Words("ヘッダーの書き方が壊れています。", "The header is malformed."),
    "no_proof": Words(
        "{broker}から届いたことを確かめる材料がありません（偽物とも言えません）。",
        "Nothing proves that this came from {broker}, and nothing disproves it.",
    ),
    "contradiction": Words(
        "メール事業者の検査結果と署名の検証結果が食い違います。",
        "The provider's results and the signature check contradict each other.",
    ),
    "broken_results": Words(
        "検査結果の欄に細工された跡があります。", "The provider's results bear traces of tampering by the sender."
    ),
    "domain_not_known": Words(
        "{broker}がメールに使うと公表しているドメインではないため、本物と確認できません。",
        "This is not a domain that {broker} is known to send mail from, so this cannot be confirmed.",
    ),
    "only_named": Words(
        "{broker}の名前が出ていますが、差出人は{broker}のドメインではありません（{detail}）。",
        "It names {broker}, but is not from {broker}'s domain ({detail}).",
    ),
    "other_recipient": Words(
        "宛先があなたのアドレスではありません。他人宛ての本物を再送した可能性があります"
        "(あなたの別名や転送元なら、設定の addresses に書いてください)。",
        "It is not addressed to you: a genuine mail of somebody else's may have been sent again (if the address is an"
        " alias of yours, list it under `addresses` in the configuration).",
    ),
    "old_mail": Words(
        "送信日時が受信日時よりずっと前です。古い本物を再送した可能性があります。",
        "It was signed long before it arrived: an old genuine mail may have been sent again.",
    ),
    "pasted_results": Words(
        "送信者が自分で書いた「検査済み」の欄があります（信用していません）。",
        "It carries trust marks that the sender wrote himself; they were not believed.",
    ),
    # Signatures that do not count
    "unsigned_from": Words("署名が差出人の欄を含んでいません。", "The signature does not cover the From field."),
    "unsigned_fields": Words(
        "署名が件名などの大事な欄を含んでいません。", "The signature leaves out fields that people read."
    ),
    "repeated_fields": Words("同じ欄が二重に書かれています。", "Fields that must be single are repeated."),
    "partial_body": Words(
        "署名が本文の一部しか含んでいません（l=）。", "The signature covers only part of the body (l=)."
    ),
    "expired_signature": Words(
        "届いた時点で署名の期限が切れていました。", "The signature had expired when the mail arrived."
    ),
    "future_signature": Words("署名の日時が未来です。", "The signature is dated in the future."),
    "weak_signature": Words("署名の方式が古く、弱いものです。", "The signature uses an obsolete, weak algorithm."),
    "malformed_signature": Words("署名の書き方が壊れています。", "The signature is malformed."),
    "key_absent": Words(
        "署名の鍵がもう公開されていません（古いメールでは普通です）。",
        "The signature's key is no longer published, which is usual for old mail.",
    ),
    "key_revoked": Words("署名の鍵が取り消されています。", "The signature's key has been revoked."),
    "key_unreachable": Words(
        "署名の鍵を取得できませんでした（通信なし）。", "The signature's key could not be fetched (no connection)."
    ),
    "not_checkable": Words("署名を検証できませんでした。", "The signature could not be checked."),
    "not_whole": Words(
        "大きすぎるため全体を読んでおらず、署名を検証できません。",
        "It is too large to be read whole, so its signature was not checked.",
    ),
    # Lookalikes
    "name_claims": Words(
        "差出人名は「{broker}」を名乗っていますが、アドレスは別のドメイン（{detail}）です。",
        "It calls itself {broker}, but the address is on another domain ({detail}).",
    ),
    "subject_claims": Words(
        "件名は{broker}を名乗っていますが、アドレスは別のドメイン（{detail}）です。",
        "Its subject claims to be {broker}'s, but the address is on another domain ({detail}).",
    ),
    "brand_left": Words(
        "{detail} は{broker}ではありません。先頭に名前を付けただけの別のサイトです。",
        "{detail} is not {broker}: the name was merely put in front of another domain.",
    ),
    "official_left": Words(
        "{detail} は{broker}ではありません。先頭に本物のアドレスを付けただけの別のサイトです。",
        "{detail} is not {broker}: the real address was merely put in front of another domain.",
    ),
    "brand_inside": Words(
        "{detail} は{broker}の名前を含みますが、{broker}のドメインではありません。",
        "{detail} contains {broker}'s name but is not {broker}'s domain.",
    ),
    "other_suffix": Words(
        "{detail} は末尾が{broker}の本物のドメインと違います。",
        "{detail} ends differently from {broker}'s real domain.",
    ),
    "homoglyph": Words(
        "{detail} は{broker}のドメインとそっくりな別の文字で書かれています。",
        "{detail} is written with characters that merely look like {broker}'s domain.",
    ),
    "near_miss": Words(
        "{detail} は{broker}のドメインと1〜2文字違いです。",
        "{detail} is one or two letters away from {broker}'s domain.",
    ),
    "shown_elsewhere": Words(
        "{broker}のアドレスを見せながら、実際は {detail} に飛ぶリンクがあります。",
        "A link shows {broker}'s address but leads to {detail}.",
    ),
    "userinfo": Words(
        "@ の前に別のアドレスを書いて行き先（{detail}）を隠すリンクがあります。",
        "A link hides where it leads ({detail}) behind another address before an @.",
    ),
    "brand_in_path": Words(
        "リンク先 {detail} は{broker}ではないのに、{broker}の名前を含んでいます。",
        "A link to {detail}, which is not {broker}'s, carries {broker}'s name.",
    ),
    "numeric_host": Words("リンク先が数字のアドレス（{detail}）です。", "A link leads to a bare number ({detail})."),
    "unreadable_link": Words(
        "行き先を隠した、またはおかしなリンクがあります。", "A link is malformed or hides where it leads."
    ),
    # Links asked about by themselves
    "official_page": Words("{broker}の公式サイトのドメインです。", "This is a domain of {broker}'s official site."),
    "insecure_scheme": Words("ただし暗号化されていません（http）。", "But it is not encrypted (http)."),
    "not_official": Words(
        "登録されている証券会社の公式サイトではありません（{detail}）。",
        "This is not the official site of any broker known here ({detail}).",
    ),
}

NOBODY = Words("証券会社", "a broker")


def why(code: str, broker: Words | None = None, detail: str = "") -> Why:
    """A reason in words. detail: an address, shortened and without characters that could be taken for markup."""
    words = WORDS[code]
    name = broker or NOBODY
    safe = "".join(char for char in detail[:80] if char.isprintable() and char not in "<>\"'&")
    return Why(
        code,
        Words(
            words.ja.replace("{broker}", name.ja).replace("{detail}", safe),
            words.en.replace("{broker}", name.en).replace("{detail}", safe),
        ),
    )
