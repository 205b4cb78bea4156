"""What can be wrong with a running desk, in words: the server refuses to decide, or goes on and says so."""

from typing import NamedTuple


class Condition(NamedTuple):
    """One condition. stops: nothing is accepted while it lasts. ja, en: what it is and what to do."""

    code: str
    stops: bool
    ja: str
    en: str


CONDITIONS = {
    condition.code: condition
    for condition in (
        Condition("starting", True, "起動中です", "starting"),
        Condition("recovering", True, "記録から状態を復元中です", "reading the journal back"),
        Condition("stopping", True, "停止処理中です", "stopping"),
        Condition(
            "disk_full",
            True,
            "ディスクの空きがありません。空きができ次第、自動で再開します",
            "the disk is full; work goes on by itself once there is room",
        ),
        Condition(
            "read_only",
            True,
            "データフォルダーに書き込めません。書き込み可能になり次第、自動で再開します",
            "the data folder cannot be written to; work goes on by itself once it can",
        ),
        Condition(
            "locked",
            True,
            "別の処理がデータベースを占有しています",
            "another process holds the database; it is tried again by itself",
        ),
        Condition(
            "disk_failing",
            True,
            "ディスクへの書き込みに失敗し、内容を保証できません。ディスクを調べて再起動してください",
            "writing to the disk failed and what is on it is unknown; check the disk, then start again",
        ),
        Condition(
            "damaged",
            True,
            "記録が壊れています。`kuraban verify` で確認し、バックアップから復元してください",
            "the journal is damaged; look with `kuraban verify`, then restore from a backup",
        ),
        Condition(
            "gap",
            True,
            "記録の一部が欠けています。バックアップから復元してください",
            "part of the journal is missing; restore a backup",
        ),
        Condition(
            "lost",
            True,
            "記録がスナップショットより古く、受付済みイベントが失われています。同じ時点のバックアップから復元してください",
            "the journal ends before its snapshot: acknowledged events are gone; restore both from the same backup",
        ),
        Condition("not_ours", True, "他のプログラムのデータです", "the data folder belongs to another program"),
        Condition(
            "newer",
            True,
            "新しい版のデータです。新しい版を使ってください",
            "the data were written by a newer version; use that version",
        ),
        Condition(
            "engine_failed",
            True,
            "判定処理が異常終了しました。再起動すると記録から復元します",
            "the engine stopped on an error; a new start recovers from the journal",
        ),
        Condition(
            "memory",
            True,
            "メモリが足りず処理が止まりました。割り当てを増やして再起動してください(記録から復元します)",
            "memory ran out in the middle of work; give it more and start again: the journal brings the state back",
        ),
        Condition(
            "memory_short",
            True,
            "メモリの上限が近いため受付を止めています。割り当てを増やしてください",
            "the memory limit is near, so nothing is taken in; give it more",
        ),
        Condition(
            "snapshot_failing",
            False,
            "スナップショットを書けません(受付は継続中)。空き容量を確認してください",
            "snapshots cannot be written (work goes on); look at the free space",
        ),
        Condition(
            "snapshot_damaged",
            False,
            "使えないスナップショットがあったため(破損、または別の版のもの)、古いものと記録から復元しました",
            "a snapshot could not be used (damaged, or another version's): the state came back from what is older and "
            "the journal",
        ),
        Condition(
            "history_cut",
            False,
            "保存期間内の記録だけから状態を作り直しました",
            "the state was made anew from the part of the journal that is kept",
        ),
        Condition(
            "clock_back",
            False,
            "システム時計が後戻りしました。時刻同期を確認してください",
            "the system clock went backwards; look at its synchronisation",
        ),
        Condition(
            "decisions_differ",
            False,
            "復元後の判定が以前の記録と異なります(版または参照データの変更)",
            "decisions read back differ from those recorded (another version or other reference data)",
        ),
        Condition(
            "owners_by_mail_only",
            False,
            "連絡先がメールだけの口座があります(メールを乗っ取られると通知が届きません)",
            "some owners are reached by e-mail alone, which a thief who holds the mailbox can silence",
        ),
        Condition(
            "outputs_failing",
            False,
            "外部への通知が届いていません",
            "messages to other systems are not being delivered",
        ),
    )
}
