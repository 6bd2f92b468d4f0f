"""Forwards in the languages and layouts of the common mail programs.

Jonas, who works here, forwards what Mia Bergmann wrote to him.
"""

from __future__ import annotations

import pytest

from everyhand.channels.email.parsing import forwards
from everyhand.desk.inbound import Address, Forwarded

ORIGINAL = "The lamp flickers.\n\nIt is hot, too. What now?\n\nMia"
MIA = "mia@home.example"

# Language; what stands between dashes; From, Date, Subject, To, Cc.
LANGUAGES = [
    ("en", "Forwarded message", "From", "Date", "Subject", "To", "Cc"),
    ("de", "Weitergeleitete Nachricht", "Von", "Datum", "Betreff", "An", "Kopie"),
    ("fr", "Message transféré", "De ", "Date ", "Objet ", "À ", "Cc "),
    ("es", "Mensaje reenviado", "De", "Fecha", "Asunto", "Para", "CC"),
    ("it", "Messaggio inoltrato", "Da", "Data", "Oggetto", "A", "Cc"),
    ("nl", "Doorgestuurd bericht", "Van", "Datum", "Onderwerp", "Aan", "Kopie"),
    ("pt", "Mensagem encaminhada", "De", "Data", "Assunto", "Para", "Cc"),
    ("pl", "Przekazana wiadomość", "Od", "Data", "Temat", "Do", "Dw"),
    ("ru", "Пересылаемое сообщение", "От", "Дата", "Тема", "Кому", "Копия"),
    ("uk", "Переслане повідомлення", "Від", "Дата", "Тема", "Кому", "Копія"),
    ("cs", "Přeposlaná zpráva", "Od", "Datum", "Předmět", "Komu", "Kopie"),
    ("sk", "Preposlaná správa", "Od", "Dátum", "Predmet", "Komu", "Kópia"),
    ("da", "Videresendt meddelelse", "Fra", "Dato", "Emne", "Til", "Cc"),
    ("sv", "Vidarebefordrat meddelande", "Från", "Datum", "Ämne", "Till", "Kopia"),
    ("no", "Videresendt melding", "Fra", "Dato", "Emne", "Til", "Kopi"),
    ("fi", "Välitetty viesti", "Lähettäjä", "Päivämäärä", "Aihe", "Vastaanottaja", "Kopio"),
    ("hu", "Továbbított üzenet", "Feladó", "Dátum", "Tárgy", "Címzett", "Másolat"),
    ("ro", "Mesaj redirecționat", "De la", "Data", "Subiect", "Către", "Cc"),
    ("bg", "Препратено съобщение", "От", "Дата", "Относно", "До", "Копие"),
    ("el", "Προωθημένο μήνυμα", "Από", "Ημερομηνία", "Θέμα", "Προς", "Κοιν."),
    ("tr", "İletilen İleti", "Kimden", "Tarih", "Konu", "Kime", "Bilgi"),
    ("ja", "転送されたメッセージ", "差出人", "日付", "件名", "宛先", "CC"),
    ("zh", "转发的邮件", "发件人", "日期", "主题", "收件人", "抄送"),
    ("zh Taiwan", "轉寄郵件", "寄件者", "日期", "主旨", "收件者", "副本"),
    ("ko", "전달된 메시지", "보낸 사람", "날짜", "제목", "받는 사람", "참조"),
    ("vi", "Thư đã chuyển tiếp", "Từ", "Ngày", "Chủ đề", "Đến", "Đồng gửi"),
    ("id", "Pesan terusan", "Dari", "Tanggal", "Perihal", "Kepada", "Tembusan"),
    ("hr", "Proslijeđena poruka", "Šalje", "Datum", "Predmet", "Prima", "Kopija"),
    ("sr", "Прослеђена порука", "Од", "Датум", "Наслов", "За", "Копија"),
    ("sl", "Posredovano sporočilo", "Od", "Datum", "Zadeva", "Za", "Kopija"),
    ("et", "Edastatud kiri", "Saatja", "Kuupäev", "Teema", "Adressaat", "Koopia"),
    ("lv", "Pārsūtīta ziņa", "No", "Datums", "Tēma", "Kam", "Kopija"),
    ("lt", "Persiųstas laiškas", "Nuo", "Data", "Tema", "Kam", "Kopija"),
    ("he", "הודעה שהועברה", "מאת", "תאריך", "נושא", "אל", "עותק"),
    ("ar", "رسالة معاد توجيهها", "من", "التاريخ", "الموضوع", "إلى", "نسخة"),
    ("ca", "Missatge reenviat", "De", "Data", "Assumpte", "Per a", "A/c"),
]
NAMES = pytest.mark.parametrize("names", [row[1:] for row in LANGUAGES], ids=[row[0] for row in LANGUAGES])
Names = tuple[str, str, str, str, str, str]


def check(found: Forwarded | None) -> None:
    assert found is not None
    assert found.sender == Address("Mia Bergmann", MIA)
    assert found.subject == "The lamp"
    assert found.to[0] == Address("Jonas Weber", "jonas@shop.example")
    assert found.text == ORIGINAL


def header(names: Names, *, order: str = "fdstc") -> str:
    _, sender, date, subject, to, copy = names
    lines = {
        "f": f"{sender}: Mia Bergmann <{MIA}>",
        "d": f"{date}: 27.10.2021 09:31",
        "s": f"{subject}: The lamp",
        "t": f"{to}: Jonas Weber <jonas@shop.example>",
        "c": f"{copy}: Ann <ann@home.example>, Ben <ben@home.example>",
    }
    return "\n".join(lines[letter] for letter in order)


@NAMES
def test_gmails_forwards(names: Names) -> None:
    check(forwards.find(f"---------- {names[0]} ---------\n{header(names)}\n\n\n{ORIGINAL}", "The lamp"))


@NAMES
def test_thunderbirds_forwards(names: Names) -> None:
    tabbed = header(names, order="sdftc").replace(": ", ": \t")
    check(forwards.find(f"Please help.\n\n-------- {names[0]} --------\n{tabbed}\n\n\n\n{ORIGINAL}", "Fwd: The lamp"))


@NAMES
def test_apples_forwards(names: Names) -> None:
    text = f"Can you help?\n\n> {names[0]}:\n> \n> " + header(names, order="fsdtc").replace("\n", "\n> ")
    check(forwards.find(f"{text}\n> \n> " + ORIGINAL.replace("\n", "\n> "), "Fwd: The lamp"))


@NAMES
def test_outlooks_forwards_that_have_no_marker(names: Names) -> None:
    text = f"Please help.\n\n{header(names, order='fdtcs')}\n{ORIGINAL}"
    check(forwards.find(text, "WG: The lamp"))
    assert forwards.find(text, "AW: The lamp") is None


@NAMES
def test_outlook_on_the_webs_forwards(names: Names) -> None:
    check(forwards.find(f"{'_' * 32}\n{header(names, order='fdtcs')}\n\n{ORIGINAL}", "FW: The lamp"))


@NAMES
def test_yahoos_forwards_on_a_single_line(names: Names) -> None:
    text = f"   ----- {names[0]} ----- {header(names, order='ftcds')}".replace("\n", "")
    check(forwards.find(f"{text}\n {ORIGINAL}", "Fwd: The lamp"))


@pytest.mark.parametrize(
    "line",
    [
        'On 28/10/2021 12:46, "Mia Bergmann" <mia@home.example> wrote:',
        'Am 28/10/2021, 12:46 schrieb "Mia Bergmann" <mia@home.example>:',
        "Le 28/10/2021 12:46, « Mia Bergmann » <mia@home.example> a écrit :",
        "Op 28/10/2021 12:46 heeft Mia Bergmann <mia@home.example> geschreven:",
        "Dnia 28/10/2021, 12:46 użytkownik „Mia Bergmann” <mia@home.example> napisał:",
        "Den 28/10/2021 12.46 skrev Mia Bergmann <mia@home.example>:",
        "Em 28/10/21, 12:46, Mia Bergmann <mia@home.example> escreveu:",
        "Mia Bergmann <mia@home.example> kirjoitti 28/10/2021 12.46:",
        "On Thu, Oct 28, 2021 at 12:46 PM Mia Bergmann <mia@home.example> wrote:",
    ],
)
def test_outlook_for_macs_forwards_under_an_attribution(line: str) -> None:
    text = f"\ufeff{line}\n\n    " + ORIGINAL.replace("\n", "\n    ")
    found = forwards.find(text, "Fwd: The lamp")
    assert found is not None
    assert found.sender == Address("Mia Bergmann", MIA)
    assert found.text == ORIGINAL
    assert forwards.find(text, "Re: The lamp") is None
