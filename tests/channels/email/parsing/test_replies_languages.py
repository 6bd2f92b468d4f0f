"""Replies in the languages of the common mail programs. Mia writes to us; Jonas Weber had written before."""

from __future__ import annotations

import pytest

from everyhand.channels.email.parsing import replies

ANSWER = "Danke, das hilft. Merci, grazie!\n\nMia"
HISTORY = "Dear Mia,\n\nthe parcel left us yesterday.\n\nJonas"

# The line above the quotation, as one program or another writes it: language and program, line.
ATTRIBUTIONS = [
    ("en Gmail", "On Wed, Oct 27, 2021 at 9:31 AM Jonas Weber <jonas@shop.example> wrote:"),
    ("en Apple Mail", "On 27 Oct 2021, at 09:31, Jonas Weber <jonas@shop.example> wrote:"),
    ("en Thunderbird", "On 27/10/2021 09:31, Jonas Weber wrote:"),
    ("en Proton Mail", "On Wednesday, October 27th, 2021 at 9:31 AM, Jonas Weber <jonas@shop.example> wrote:"),
    ("en Yahoo", "On Wednesday, October 27, 2021, 09:31:50 AM GMT+1, Jonas Weber <jonas@shop.example> wrote:"),
    ("en Zoho", "---- On Wed, 27 Oct 2021 09:31:50 +0200 Jonas Weber <jonas@shop.example> wrote ----"),
    ("en Gmail with an offset", "2021-10-27 9:31 GMT+02:00 Jonas Weber <jonas@shop.example>:"),
    ("en Usenet", "In article <abc.123@news.example>, Jonas Weber <jonas@shop.example> writes:"),
    ("de Gmail", "Am Mi., 27. Okt. 2021 um 09:31 Uhr schrieb Jonas Weber <jonas@shop.example>:"),
    ("de Gmail on a phone", "Jonas Weber <jonas@shop.example> schrieb am Mi., 27. Okt. 2021, 09:31:"),
    ("de Thunderbird", "Am 27.10.2021 um 09:31 schrieb Jonas Weber:"),
    ("de Yahoo", "Am Mittwoch, 27. Oktober 2021, 09:31:50 MESZ hat Jonas Weber <jonas@shop.example> Folgendes geschrieben:"),
    ("fr Gmail", "Le mer. 27 oct. 2021 à 09:31, Jonas Weber <jonas@shop.example> a écrit :"),
    ("fr Thunderbird", "Le 27/10/2021 à 09:31, Jonas Weber a écrit :"),
    ("es Gmail", "El mié, 27 oct 2021 a las 9:31, Jonas Weber (<jonas@shop.example>) escribió:"),
    ("es Thunderbird", "El 27/10/2021 a las 9:31, Jonas Weber escribió:"),
    ("it Gmail", "Il giorno mer 27 ott 2021 alle ore 09:31 Jonas Weber <jonas@shop.example> ha scritto:"),
    ("it Thunderbird", "Il 27/10/2021 09:31, Jonas Weber ha scritto:"),
    ("nl Gmail", "Op wo 27 okt. 2021 om 09:31 schreef Jonas Weber <jonas@shop.example>:"),
    ("nl Apple Mail", "Op 27 okt. 2021, om 09:31 heeft Jonas Weber <jonas@shop.example> het volgende geschreven:"),
    ("pt Gmail", "Em qua., 27 de out. de 2021 às 09:31, Jonas Weber <jonas@shop.example> escreveu:"),
    ("pt Gmail in Portugal", "Jonas Weber <jonas@shop.example> escreveu no dia quarta, 27/10/2021 à(s) 09:31:"),
    ("pt Thunderbird", "Às 09:31 de 27/10/2021, Jonas Weber escreveu:"),
    ("pl Gmail", "śr., 27 paź 2021 o 09:31 Jonas Weber <jonas@shop.example> napisał(a):"),
    ("pl Thunderbird", "W dniu 27.10.2021 o 09:31, Jonas Weber pisze:"),
    ("ru Gmail", "ср, 27 окт. 2021 г. в 09:31, Jonas Weber <jonas@shop.example>:"),
    ("ru Thunderbird", "27.10.2021 09:31, Jonas Weber пишет:"),
    ("ru Mail.ru", "Среда, 27 октября 2021, 9:31 +03:00 от Jonas Weber <jonas@shop.example>:"),
    ("uk Gmail", "ср, 27 жовт. 2021 р. о 09:31 Jonas Weber <jonas@shop.example> пише:"),
    ("cs Gmail", "st 27. 10. 2021 v 9:31 odesílatel Jonas Weber <jonas@shop.example> napsal:"),
    ("cs Thunderbird", "Dne 27. 10. 21 v 9:31 Jonas Weber napsal(a):"),
    ("sk Gmail", "st 27. 10. 2021 o 9:31 Jonas Weber <jonas@shop.example> napísal(a):"),
    ("da Gmail", "Den ons. 27. okt. 2021 kl. 09.31 skrev Jonas Weber <jonas@shop.example>:"),
    ("sv Gmail", "Den ons 27 okt. 2021 kl 09:31 skrev Jonas Weber <jonas@shop.example>:"),
    ("sv Apple Mail", "27 okt. 2021 kl. 09:31 skrev Jonas Weber <jonas@shop.example>:"),
    ("no Gmail", "ons. 27. okt. 2021 kl. 09:31 skrev Jonas Weber <jonas@shop.example>:"),
    ("fi Gmail", "ke 27. lokak. 2021 klo 9.31 Jonas Weber (jonas@shop.example) kirjoitti:"),
    ("hu Gmail", "Jonas Weber <jonas@shop.example> ezt írta (időpont: 2021. okt. 27., Sze, 9:31):"),
    ("hu Thunderbird", "2021. 10. 27. 9:31 keltezéssel, Jonas Weber írta:"),
    ("ro Gmail", "În mie., 27 oct. 2021 la 09:31, Jonas Weber <jonas@shop.example> a scris:"),
    ("bg Gmail", "На ср, 27.10.2021 г. в 9:31 Jonas Weber <jonas@shop.example> написа:"),
    ("el Gmail", "Στις Τετ, 27 Οκτ 2021 στις 9:31 π.μ., ο χρήστης Jonas Weber <jonas@shop.example> έγραψε:"),
    ("tr Gmail", "Jonas Weber <jonas@shop.example>, 27 Eki 2021 Çar, 09:31 tarihinde şunu yazdı:"),
    ("ja Gmail", "2021年10月27日(水) 9:31 Jonas Weber <jonas@shop.example>:"),
    ("ja Apple Mail", "2021/10/27 9:31、Jonas Weber <jonas@shop.example>のメール："),
    ("zh Gmail", "Jonas Weber <jonas@shop.example> 于2021年10月27日周三 09:31写道："),
    ("zh Gmail in Taiwan", "Jonas Weber <jonas@shop.example> 於 2021年10月27日 週三 上午9:31寫道："),
    ("zh NetEase", '在 2021-10-27 09:31:50，"Jonas Weber" <jonas@shop.example> 写道：'),
    ("ko Gmail", "2021년 10월 27일 (수) 오전 9:31, Jonas Weber <jonas@shop.example>님이 작성:"),
    ("vi Gmail", "Vào Th 4, 27 thg 10, 2021 vào lúc 09:31 Jonas Weber <jonas@shop.example> đã viết:"),
    ("id Gmail", "Pada tanggal Rab, 27 Okt 2021 pukul 09.31 Jonas Weber <jonas@shop.example> menulis:"),
    ("hr Gmail", "sri, 27. lis 2021. u 09:31 Jonas Weber <jonas@shop.example> napisao je:"),
    ("sr Gmail", "сре, 27. окт 2021. у 09:31 Jonas Weber <jonas@shop.example> је написао/ла:"),
    ("sl Gmail", "V V sre., 27. okt. 2021 ob 09:31 je oseba Jonas Weber <jonas@shop.example> napisala:"),
    ("et Gmail", "Kontakt Jonas Weber (<jonas@shop.example>) kirjutas kuupäeval K, 27. oktoober 2021 kell 09:31:"),
    ("lv Gmail", "trešd., 2021. g. 27. okt., plkst. 09:31 — lietotājs Jonas Weber (<jonas@shop.example>) rakstīja:"),
    ("lt Gmail", "2021-10-27, tr, 09:31 Jonas Weber <jonas@shop.example> rašė:"),
    ("he Gmail", "\u202bבתאריך יום ד׳, 27 באוק׳ 2021 ב-9:31 מאת \u202aJonas Weber\u202c\u200f <\u202ajonas@shop.example\u202c\u200f>:\u202c"),
    ("ar Gmail", "في أربعاء، 27 أكتوبر، 2021 في 9:31 ص، كتب Jonas Weber <jonas@shop.example>:"),
    ("ca Gmail", "El dc., 27 d’oct. 2021, 9:31, Jonas Weber <jonas@shop.example> va escriure:"),
]  # fmt: skip

# Header blocks as Outlook writes them: language, names of From, Sent, To, Subject.
HEADERS = [
    ("en", "From", "Sent", "To", "Subject"),
    ("de", "Von", "Gesendet", "An", "Betreff"),
    ("fr", "De ", "Envoyé ", "À ", "Objet "),
    ("es", "De", "Enviado el", "Para", "Asunto"),
    ("it", "Da", "Inviato", "A", "Oggetto"),
    ("nl", "Van", "Verzonden", "Aan", "Onderwerp"),
    ("pt", "De", "Enviada em", "Para", "Assunto"),
    ("pl", "Od", "Wysłano", "Do", "Temat"),
    ("ru", "От", "Отправлено", "Кому", "Тема"),
    ("uk", "Від", "Надіслано", "Кому", "Тема"),
    ("cs", "Od", "Odesláno", "Komu", "Předmět"),
    ("sk", "Od", "Odoslané", "Komu", "Predmet"),
    ("da", "Fra", "Sendt", "Til", "Emne"),
    ("sv", "Från", "Skickat", "Till", "Ämne"),
    ("no", "Fra", "Sendt", "Til", "Emne"),
    ("fi", "Lähettäjä", "Lähetetty", "Vastaanottaja", "Aihe"),
    ("hu", "Feladó", "Elküldve", "Címzett", "Tárgy"),
    ("ro", "De la", "Trimis", "Către", "Subiect"),
    ("bg", "От", "Изпратено", "До", "Тема"),
    ("el", "Από", "Στάλθηκε", "Προς", "Θέμα"),
    ("tr", "Kimden", "Gönderildi", "Kime", "Konu"),
    ("ja", "差出人", "送信日時", "宛先", "件名"),
    ("zh", "发件人", "发送时间", "收件人", "主题"),
    ("zh Taiwan", "寄件者", "寄件日期", "收件者", "主旨"),
    ("ko", "보낸 사람", "보낸 날짜", "받는 사람", "제목"),
    ("vi", "Từ", "Đã gửi", "Đến", "Chủ đề"),
    ("id", "Dari", "Dikirim", "Kepada", "Perihal"),
    ("hr", "Šalje", "Poslano", "Prima", "Predmet"),
    ("sr", "Од", "Послато", "За", "Наслов"),
    ("sl", "Od", "Poslano", "Za", "Zadeva"),
    ("et", "Saatja", "Saadetud", "Adressaat", "Teema"),
    ("lv", "No", "Nosūtīts", "Kam", "Tēma"),
    ("lt", "Nuo", "Išsiųsta", "Kam", "Tema"),
    ("he", "מאת", "נשלח", "אל", "נושא"),
    ("ar", "من", "تم الإرسال", "إلى", "الموضوع"),
    ("ca", "De", "Enviat el", "Per a", "Assumpte"),
    ("th", "จาก", "ส่ง", "ถึง", "เรื่อง"),
]

ORIGINAL_MARKERS = [
    "-----Original Message-----",
    "-----Ursprüngliche Nachricht-----",
    "-----Message d'origine-----",
    "-----Mensaje original-----",
    "-----Messaggio originale-----",
    "-----Oorspronkelijk bericht-----",
    "-----Mensagem original-----",
    "-----Wiadomość oryginalna-----",
    "-----Исходное сообщение-----",
    "-----Původní zpráva-----",
    "-----Pôvodná správa-----",
    "-----Oprindelig meddelelse-----",
    "-----Ursprungligt meddelande-----",
    "-----Opprinnelig melding-----",
    "-----Alkuperäinen viesti-----",
    "-----Eredeti üzenet-----",
    "-----Mesaj original-----",
    "-----Αρχικό μήνυμα-----",
    "-----Özgün İleti-----",
    "-----元のメッセージ-----",
    "-----원본 메시지-----",
    "------------------ 原始邮件 ------------------",
    "-----Izvorna poruka-----",
    "-----Izvirno sporočilo-----",
    "------- Original Message -------",
    "======== Original Message ========",
]

SENT_FROM = [
    "Sent from my iPhone",
    "Sent from Outlook for iOS<https://aka.ms/o0ukef>",
    "Sent from Yahoo Mail on Android",
    "Get Outlook for Android<https://aka.ms/AAb9ysg>",
    "Sent via the Samsung Galaxy S21, an AT&T 5G smartphone",
    "Sent with Proton Mail secure email.",
    "Von meinem iPhone gesendet",
    "Diese Nachricht wurde von meinem Android-Gerät mit GMX Mail gesendet.",
    "Holen Sie sich Outlook für iOS",
    "Envoyé de mon iPhone",
    "Envoyé depuis mon appareil mobile Samsung.",
    "Enviado desde mi iPhone",
    "Inviato da iPhone",
    "Verstuurd vanaf mijn iPhone",
    "Enviado do meu iPhone",
    "Wysłane z iPhone'a",
    "Отправлено с iPhone",
    "Надіслано з iPhone",
    "Odesláno z iPhonu",
    "Odoslané z iPhonu",
    "Sendt fra min iPhone",
    "Skickat från min iPhone",
    "Lähetetty iPhonesta",
    "Trimis de pe iPhone-ul meu",
    "Изпратено от моя iPhone",
    "Στάλθηκε από το iPhone μου",
    "iPhone'umdan gönderildi",
    "iPhoneから送信",
    "发自我的iPhone",
    "從我的 iPhone 傳送",
    "나의 iPhone에서 보냄",
    "Đã gửi từ iPhone của tôi",
    "Dikirim dari iPhone saya",
    "Poslano s mog iPhonea",
    "Saadetud minu iPhone'ist",
    "Nosūtīts no iPhone",
    "Išsiųsta iš mano iPhone",
    "נשלח מה-iPhone שלי",
    "أُرسلت من الـ iPhone",
    "Elküldve az iPhone-omról",
]


@pytest.mark.parametrize("line", [line for _, line in ATTRIBUTIONS], ids=[name for name, _ in ATTRIBUTIONS])
def test_an_attribution_above_an_unmarked_history_ends_the_reply(line: str) -> None:
    assert replies.split(f"{ANSWER}\n\n{line}\n\n{HISTORY}") == (ANSWER, f"{line}\n\n{HISTORY}")


@pytest.mark.parametrize("line", [line for _, line in ATTRIBUTIONS], ids=[name for name, _ in ATTRIBUTIONS])
def test_an_attribution_above_a_quotation_leaves_the_answer_below_it(line: str) -> None:
    reply, quoted = replies.split(f"{line}\n\n> Dear Mia,\n> the parcel left us.\n\n{ANSWER}")
    assert reply.strip() == ANSWER
    assert quoted.startswith(line)


@pytest.mark.parametrize("line", [line for _, line in ATTRIBUTIONS], ids=[name for name, _ in ATTRIBUTIONS])
def test_an_attribution_wrapped_at_any_blank_is_still_one(line: str) -> None:
    for blank in (index for index, sign in enumerate(line) if sign == " " and index >= 24):
        wrapped = f"{line[:blank]}\n{line[blank + 1 :]}"
        assert replies.split(f"{ANSWER}\n\n{wrapped}\n\n> Hello") == (ANSWER, f"{wrapped}\n\n> Hello")


@pytest.mark.parametrize(
    ("sender", "sent", "to", "subject"), [names[1:] for names in HEADERS], ids=[n[0] for n in HEADERS]
)
def test_a_header_block_in_any_language_ends_the_reply(sender: str, sent: str, to: str, subject: str) -> None:
    block = (
        f"{sender}: Jonas Weber <jonas@shop.example>\n{sent}: 27.10.2021 09:31\n"
        f"{to}: Mia Bergmann <mia@home.example>\n{subject}: Your parcel"
    )
    assert replies.split(f"{ANSWER}\n\n{block}\n\n{HISTORY}") == (ANSWER, f"{block}\n\n{HISTORY}")
    ruled = f"________________________________\n{block}\n\n{HISTORY}"
    assert replies.split(f"{ANSWER}\n\n{ruled}") == (ANSWER, ruled)
    bold = block.replace(f"{sender}:", f"*{sender}:*").replace(f"{sent}:", f"*{sent}:*")
    assert replies.split(f"{ANSWER}\n\n{bold}\n\n{HISTORY}")[0] == ANSWER


@pytest.mark.parametrize("marker", ORIGINAL_MARKERS)
def test_an_original_message_marker_ends_the_reply(marker: str) -> None:
    assert replies.split(f"{ANSWER}\n\n{marker}\n{HISTORY}") == (ANSWER, f"{marker}\n{HISTORY}")


@pytest.mark.parametrize("line", SENT_FROM)
def test_what_a_phone_adds_is_not_the_reply(line: str) -> None:
    assert replies.split(f"{ANSWER}\n\n{line}") == (ANSWER, line)
    assert (
        replies.split(f"{ANSWER}\n\n*{line}*\n\nOn 27 Oct 2021, at 09:31, Jo <jo@shop.example> wrote:\n\n> Hi")[0]
        == ANSWER
    )


@pytest.mark.parametrize(
    "line",
    [
        "Sent from Berlin with love",
        "Sent from our warehouse on Monday",
        "Envoyé de Paris",
        "Inviato da mia sorella",
        "Get Outlook",
        "My iPhone was sent from China and never came",
        "Verzonden met PostNL",
    ],
)
def test_a_sentence_that_only_resembles_what_a_phone_adds_stays(line: str) -> None:
    assert replies.split(f"Hello,\n\n{line}") == (f"Hello,\n\n{line}", "")
