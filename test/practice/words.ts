/** Invented words of an invented practice. Any likeness to a person is chance. */
const list = (text: string): readonly string[] => text.trim().split(/\s*[|\n]\s*/);

export const femaleNames: readonly string[] = list(
  'Ada|Agnes|Alba|Alice|Amira|Anke|Astrid|Bianca|Britta|Camila|Carmen|Chloe|Clara|Dagny|Daria|Edith|Elena|Elif|Emma|Esther|Eva|Farah|Fiona|Freya|Gerda|Gloria|Greta|Hanna|Helga|Ida|Ines|Irene|Iris|Ivy|Jana|Jasmin|Joan|Judith|Karin|Kirsten|Laila|Lara|Leonie|Lotte|Lucia|Mabel|Maja|Marta|Mina|Miriam|Nadia|Naomi|Nora|Olga|Paula|Petra|Renée|Rosa|Ruth|Sabine|Salma|Sofia|Stella|Tanja|Thea|Ursula|Valerie|Vera|Wilma|Yara|Zoë',
);
export const maleNames: readonly string[] = list(
  'Aaron|Abel|Adrian|Albert|Ali|Andrés|Anton|Arne|Arthur|Axel|Ben|Bernd|Boris|Bruno|Carl|Cem|Conrad|Damian|David|Dirk|Edgar|Elias|Emil|Enrique|Erik|Felix|Finn|Frank|Fritz|Georg|Gustav|Hakan|Hans|Henry|Hugo|Ian|Igor|Isaac|Ivan|Jakob|Jan|Jonas|José|Jürgen|Karl|Kofi|Lars|Leo|Levi|Luis|Lukas|Marco|Max|Miguel|Milan|Noah|Oliver|Omar|Oskar|Otto|Paul|Pedro|Philip|Quentin|Rafael|Ralf|Ravi|Rolf|Samuel|Sven|Theo|Tom|Ulrich|Victor|Walter|Wei|Yusuf',
);
export const lastNames: readonly string[] = list(
  `Abbott|Achterberg|Adler|Alvarez|Amsel|Arnold|Ash|Backhaus|Baker|Barros|Baum|Beck|Bell|Berg|Birch|Blackwood|Blume|Bowman|Brandt|Brook|Buchner|Burke|Castillo|Cedar|Chen|Clayfield|Cole|Cooper|Cortez|Crane|Dahl|Dalgaard|Delgado|Diaz|Dorn|Drake|Dufour|Eastman|Ebert|Eklund|Elm|Engel|Fahey|Falk|Faulkner|Fenn|Ferrari|Fields|Fischer|Fletcher|Flood|Forster|Fox|Frost|Garcia|Garnet|Gerber|Giraud|Glass|Gomez|Grant|Graves|Green|Gruber|Haas|Hale|Hansen|Hart|Hawthorn|Hazel|Heller|Herrera|Hill|Holm|Hopper|Howell|Huang|Hunter|Ibsen|Ingram|Ivarsson|Jansen|Jensen|Jordan|Juarez|Kaya|Keller|Kern|Khan|King|Klein|Knight|Koch|Kowalski|Kramer|Kumar|Lake|Lang|Larsen|Laurel|Lee|Lehmann|Lindgren|Lopez|Lund|Maier|Marsh|Martinez|Mason|Mead|Mendez|Meyer|Miller|Moore|Moreau|Morgan|Moss|Müller|Munro|Nagy|Nakamura|Navarro|Neumann|Newton|Nguyen|Nielsen|Noble|Novak|O'Brien|O'Dell|O'Hara|Oakley|Okafor|Olsen|Ortiz|Osei|Otto|Page|Palmer|Park|Patel|Penn|Perez|Petersen|Pine|Pohl|Poole|Porter|Quick|Quist|Ramirez|Rasmussen|Reed|Reyes|Richter|Rivera|Roth|Rowan|Ruiz|Sandoval|Santos|Sauer|Schmidt|Schulz|Seidel|Shaw|Silva|Singh|Sommer|Stark|Stein|Stone|Storm|Strand|Swan|Tanaka|Taylor|Thorn|Torres|Tran|Turner|Udo|Underwood|Vance|Vargas|Vogel|Voss|Wagner|Walsh|Ward|Weber|West|Willow|Winter|Wolf|Wood|Wright|Yang|Young|Zeller|Ziegler|Zimmermann`,
);
export const streets: readonly string[] = list(
  'Alder Street|Aspen Way|Bay Road|Beacon Hill|Birch Lane|Bridge Street|Canal Street|Cedar Avenue|Chapel Road|Cherry Lane|Church Street|Clay Street|College Avenue|Court Street|Creek Drive|Dogwood Court|Elm Street|Fairview Road|Ferry Street|Forest Drive|Garden Street|Glen Road|Grove Street|Harbor Way|High Street|Hill Road|Juniper Lane|Lake Drive|Liberty Street|Linden Avenue|Locust Street|Main Street|Maple Avenue|Market Street|Meadow Lane|Mill Road|Mission Street|Oak Street|Orchard Road|Park Avenue|Pine Street|Pleasant Street|Prospect Street|Quarry Road|Railroad Avenue|Ridge Road|River Road|School Street|South Street|Spring Street|State Street|Summit Avenue|Sunset Drive|Union Street|Valley Road|Vine Street|Walnut Street|Water Street|Willow Lane|Winter Street',
);
export const cities: readonly string[] = list(
  'Alderbrook|Ashfield|Bayview|Brookton|Cedarville|Clearwater Falls|Eastport|Elmwood|Fairhaven|Glenridge|Harborton|Kingsbury|Lakeside|Maplewood|Millbrook|North Fork|Oakdale|Pinehurst|Riverton|Stonebridge|Sunnyvale Heights|Westfield',
);
export const carriers: readonly string[] = list(
  'Alder Dental Trust|Basin Mutual|Beacon Benefits|Cascade Dental Plans|Cedar Employees Fund|Coastal Dental|Evergreen Assurance|Foothill Health|Granite Life|Harbor Dental|Juniper Group|Keystone Smiles|Lighthouse Insurance|Meadow Care|Northern Teachers Plan|Orchard Dental|Pioneer Benefits|Prairie Dental|Quarry Workers Union|River Valley Health|Summit Dental|Timber Trades Fund|Valley Public Employees|Willamette Mutual',
);
export const employers: readonly string[] = list(
  'Alder Mill|Basin Foods|Bayview School District|Brookton Tools|Cascade Freight|Cedar Books|City of Riverton|Eastport Shipyard|Elmwood Hospital|Fairhaven Bakery|Granite Works|Harbor Hotel|Lakeside Nursery|Maple Press|North Fork Farms|Oakdale Motors|Orchard Supply|Pine Lumber|Riverton Glass|Stonebridge Bank|Summit Outfitters|Westfield Pottery',
);
export const relations: readonly string[] = list('Spouse|Mother|Father|Sister|Brother|Neighbor|Daughter|Son');

/** Opening, middle and end of a note; any combination reads as one. */
export const noteOpenings: readonly string[] = list(`
  Patient arrived on time and in good spirits.|Patient arrived ten minutes late.|Reviewed medical history, no changes.|Reviewed medical history, updated allergies.|Medical history reviewed with parent.|Reviewed health history; patient takes a new blood pressure medicine.|Patient reports sensitivity to cold, lower left.|Patient reports no pain today.|Patient says the crown feels high.|Patient presents for regular exam and cleaning.|Emergency visit, broken filling.|Patient wants to discuss whitening.|Follow-up after extraction, healing well.|Patient is nervous; explained every step.|Patient moved here last month, records requested.|Comes with her daughter, who translates.|Blood pressure 124/78, pulse 70.|Blood pressure 138/86, advised to see the physician.`);
export const noteMiddles: readonly string[] = list(`
  Applied topical for one minute, then 1.7 mL lidocaine 2% with epinephrine 1:100,000 by infiltration.|Inferior alveolar block with 1.8 mL articaine 4%, good anesthesia.|Isolated with rubber dam.|Removed old amalgam and recurrent decay.|Placed sectional matrix and wedge, etched, bonded, composite shade A2.|Composite shade A3.5 in two layers, light cured, finished and polished.|Scaled with ultrasonic and hand instruments, polished with fine paste.|Took four bitewings and two periapical images.|Probing depths charted; bleeding on lower molars.|Impression taken with polyvinyl siloxane, bite registered.|Provisional crown cemented, margins checked.|Cleaned and shaped canals to working length, irrigated, calcium hydroxide placed.|Seated crown; contacts and margins good, adjusted bite, cemented.|Extracted with elevator and forceps, socket irrigated, two sutures.|Fluoride varnish applied to all teeth.|Sealants placed on first molars after cleaning and drying.|Adjusted lower partial, sore spot relieved.|Oral cancer screening without findings.|Discussed implant, bridge and partial with cost of each.|Showed brushing technique and how to use interdental brushes.`);
export const noteEndings: readonly string[] = list(`
  Patient tolerated procedure well.|Post-op instructions given verbally and in writing.|Recommended ibuprofen 400 mg as needed.|Told patient not to eat until numbness is gone.|Next visit: seat crown.|Next visit: second quadrant of scaling.|Recall in six months.|Recall in three months because of pocket depths.|Patient will call to schedule.|Estimate signed.|Referred to endodontist, letter sent.|Referred to oral surgeon for wisdom teeth.|Asked to bring list of medicines next time.|Patient left satisfied.|No charge for adjustment.|Sent images to insurance with claim.|Call tomorrow to see how she is doing.|Will watch tooth, re-evaluate at next exam.`);
export const phoneNotes: readonly string[] = list(`
  Called to confirm appointment, left message on machine.|Called about balance; will pay by card on Friday.|Patient called, running fifteen minutes late.|Sent text reminder, patient confirmed.|Spoke with spouse, who will pass it on.|Number is disconnected; letter sent to address on file.|Insurance says plan was terminated at end of month, asked patient for new card.|Patient asks for copy of images to be sent to the new dentist.|Complained about waiting time; apologized.|Discussed treatment plan and financing, patient will think about it.|Patient called with pain upper right, fitted in tomorrow morning.|Rescheduled at patient's request.|Birthday card sent.|Recall card sent.|Called pharmacy, prescription phoned in.|Benefits checked by phone, annual maximum nearly used up.|Mother called to ask about orthodontic consultation.|Statement returned by post office.|Thanked for referral.|Patient wants mornings only, no Mondays.`);
export const drugs: readonly string[] = list(
  'Amoxicillin 500 mg capsules|Azithromycin 250 mg tablets|Chlorhexidine 0.12% rinse|Clindamycin 300 mg capsules|Fluoride toothpaste 1.1%|Ibuprofen 600 mg tablets|Nystatin suspension|Penicillin VK 500 mg tablets|Triamcinolone dental paste',
);
export const medicines: readonly string[] = list(
  'Albuterol|Amlodipine|Aspirin|Atorvastatin|Insulin glargine|Levothyroxine|Lisinopril|Losartan|Metformin|Metoprolol|Omeprazole|Sertraline|Warfarin',
);
export const allergies: readonly string[] = list(
  'Aspirin|Codeine|Iodine|Latex|Local anesthetic|Metals|Penicillin|Sulfa drugs',
);
export const problems: readonly string[] = list(
  'Anemia|Arthritis|Asthma|Bleeding disorder|Diabetes|Epilepsy|Glaucoma|Heart murmur|High blood pressure|Joint replacement|Pacemaker|Pregnancy|Sinus trouble|Thyroid disease|Ulcer',
);
/** Procedures in plain words; the codes are numbered by place. */
export const procedures: readonly string[] = list(`
  Exam, regular|Cleaning, adult|Bitewings, four images|Exam, limited|Single image|Filling, one surface, back tooth|Filling, two surfaces, back tooth|Fluoride varnish|Cleaning, child|Exam, first visit|Full series of images|Panoramic image|Filling, one surface, front tooth|Filling, two surfaces, front tooth|Crown, porcelain and metal|Crown, ceramic|Core buildup|Periodontal maintenance|Scaling, one quadrant|Sealant|Extraction, simple|Extraction, surgical|Root canal, front tooth|Root canal, premolar|Root canal, molar|Filling, three surfaces, back tooth|Amalgam, one surface|Amalgam, two surfaces|Amalgam, three surfaces|Night guard|Palliative treatment|Whitening, per arch|Recement crown|Repair denture base|Adjust denture|Reline denture|Complete denture, upper|Complete denture, lower|Partial, upper|Partial, lower|Bridge, pontic|Bridge, retainer|Implant body|Implant abutment|Implant crown|Bone graft|Post and core|Veneer|Space maintainer|Stainless steel crown|Pulpotomy|Pulp cap|Gingivectomy|Crown lengthening|Full debridement|Frenectomy|Biopsy|Incision and drainage|Nitrous oxide|Sedation, per 15 minutes|Consultation|Study models|Cone beam scan|Orthodontic visit|Orthodontic records|Retainer|Aligner treatment|Missed appointment|Records copy|Oral hygiene instruction`);
export const workstations: readonly string[] = list(
  'FRONTDESK1|FRONTDESK2|OP1|OP2|OP3|OP4|HYG1|HYG2|OFFICE|CONSULT|XRAY',
);
export const plainWords: readonly string[] = list(
  'Amber|Basic|Central|Default|Early|First|General|Hygiene|Initial|Joint|Key|Local|Main|Normal|Office|Primary|Quick|Regular|Standard|Team|Usual|Visit|Weekly|Young adult|Zone',
);
